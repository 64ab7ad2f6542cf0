// Makes the chat page better, never necessary: a quick way out, news in view, kind words when sending fails, and
// a recorder for her voice.
"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const page = document.documentElement;
  const leave = find("leave"), log = find("log"), state = find("state"), retry = find("retry");

  let hush = () => {}; // ends the recording under way

  // ── leaving ──
  const go = () => {
    page.hidden = true; // at once, however slow the network is
    hush();
    for (const sound of document.querySelectorAll("audio")) sound.pause();
    const form = new URLSearchParams(new FormData(leave));
    fetch(leave.action, { method: "POST", body: form, keepalive: true, redirect: "manual" }).catch(() => {});
    location.replace(leave.dataset.to); // this page is gone from the history
  };
  leave.addEventListener("submit", (event) => { event.preventDefault(); go(); });

  let presses = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") { presses = []; return; }
    presses = [...presses.filter((at) => event.timeStamp - at < 2000), event.timeStamp];
    if (presses.length >= 3) go();
  });
  find("keys").hidden = false;

  // A page kept by the browser for "back" is never shown again as it was.
  addEventListener("pageshow", (event) => {
    if (event.persisted) { page.hidden = true; location.reload(); }
  });

  if (!log) return;

  // ── sending ──
  const BIGGEST = 5e6;
  let sent = null;
  document.addEventListener("submit", (event) => {
    const sound = event.target.elements.sound;
    if (sound && sound.files[0] && sound.files[0].size > BIGGEST) {
      event.preventDefault();
      event.stopPropagation();
      refuse(state.dataset.long);
    } else {
      sent = { form: event.target, button: event.submitter };
    }
  }, true);
  const say = (words, failed) => {
    state.textContent = words;
    state.classList.toggle("failed", failed);
    retry.hidden = !failed;
  };
  const fail = (words) => { say(words, true); retry.focus(); };
  const refuse = (words) => { say(words, true); retry.hidden = true; }; // sending it again would not help
  document.addEventListener("htmx:before:request", () => say(state.dataset.sending, false));
  document.addEventListener("htmx:response:error", (event) => {
    const status = event.detail.ctx.response.status;
    if (status === 413 && sent && sent.form.elements.sound) refuse(state.dataset.long);
    else fail(status === 429 ? state.dataset.busy : state.dataset.failed);
  });
  document.addEventListener("htmx:error", () => fail(state.dataset.failed));
  retry.addEventListener("click", () => {
    if (sent && sent.form.isConnected) sent.form.requestSubmit(sent.button);
    else location.reload();
  });

  // ── speaking ──
  const LONGEST = 120; // seconds
  const KINDS = ["audio/mp4;codecs=mp4a.40.2", "audio/webm;codecs=opus", "audio/mp4"]; // the first plays everywhere
  const readyToRecord = (form) => {
    hush();
    if (!form || !window.MediaRecorder || !navigator.mediaDevices) return; // the field for a file does as well
    const part = (name) => form.querySelector(`[data-voice=${name}]`);
    const { sound, seconds } = form.elements, play = part("play");
    const show = (...names) => {
      for (const each of form.querySelectorAll("[data-voice]")) each.hidden = !names.includes(each.dataset.voice);
    };
    const keep = (blob, length) => {
      const files = new DataTransfer();
      files.items.add(new File([blob], "voice", { type: blob.type }));
      sound.files = files.files;
      seconds.value = Math.min(LONGEST, Math.round(length));
      play.src = URL.createObjectURL(blob);
      show("play", "send", "drop");
      part("send").focus();
    };
    const drop = () => {
      URL.revokeObjectURL(play.src);
      play.removeAttribute("src");
      sound.value = seconds.value = "";
      show("record", "limit");
      part("record").focus();
    };
    const record = async () => {
      say("", false);
      let stream;
      try {
        stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      } catch {
        show();
        refuse(state.dataset.cannot);
        return;
      }
      const silence = () => stream.getTracks().forEach((track) => track.stop());
      if (!form.isConnected || page.hidden) { silence(); return; }
      const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
      const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 32000 });
      const pieces = [], began = performance.now();
      const length = () => (performance.now() - began) / 1000;
      const tick = () => {
        const now = Math.min(LONGEST, Math.floor(length()));
        part("clock").textContent = `${Math.floor(now / 60)}:${String(now % 60).padStart(2, "0")} / ${LONGEST / 60}:00`;
        if (length() >= LONGEST && recorder.state === "recording") recorder.stop();
      };
      const clock = setInterval(tick, 200);
      const end = () => { clearInterval(clock); silence(); hush = () => {}; };
      recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
      recorder.addEventListener("stop", () => {
        const took = length();
        end();
        if (form.isConnected && !page.hidden) keep(new Blob(pieces, { type: recorder.mimeType }), took);
      });
      part("stop").onclick = () => recorder.state === "recording" && recorder.stop();
      hush = end;
      recorder.start();
      tick();
      show("clock", "stop");
      part("stop").focus();
    };
    part("record").addEventListener("click", record);
    part("drop").addEventListener("click", drop);
    show("record", "limit");
    form.querySelector(".recorder").hidden = false;
  };
  readyToRecord(document.querySelector("form.aloud"));

  // ── news ──
  const show = (element) => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  };
  let first = null;
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    first ??= added.find((node) => node.parentNode === log && node.nodeType === 1);
    const answers = added.find((node) => node.id === "answers");
    if (!answers) return;
    say("", false);
    readyToRecord(answers.querySelector("form.aloud"));
    // The pressed button is gone: go on from the new answers, without opening a phone's keyboard.
    if (document.activeElement === document.body || document.activeElement === retry) answers.focus({ preventScroll: true });
    if (first) show(first);
    first = null;
  }).observe(find("talk"), { childList: true, subtree: true });

  const latest = find("latest");
  if (latest) latest.scrollIntoView({ block: "start", behavior: "auto" });
})();
