// Makes the chat page better, never necessary: a quick way out, news in view, kind words when sending fails.
"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const page = document.documentElement;
  const leave = find("leave"), log = find("log"), state = find("state"), retry = find("retry");

  // ── leaving ──
  const go = () => {
    page.hidden = true; // at once, however slow the network is
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
  let sent = null;
  document.addEventListener("submit", (event) => { sent = { form: event.target, button: event.submitter }; }, true);
  const say = (words, failed) => {
    state.textContent = words;
    state.classList.toggle("failed", failed);
    retry.hidden = !failed;
  };
  const fail = (words) => { say(words, true); retry.focus(); };
  document.addEventListener("htmx:before:request", () => say(state.dataset.sending, false));
  document.addEventListener("htmx:response:error", (event) => {
    fail(event.detail.ctx.response.status === 429 ? state.dataset.busy : state.dataset.failed);
  });
  document.addEventListener("htmx:error", () => fail(state.dataset.failed));
  retry.addEventListener("click", () => {
    if (sent && sent.form.isConnected) sent.form.requestSubmit(sent.button);
    else location.reload();
  });

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
    // The pressed button is gone: go on from the new answers, without opening a phone's keyboard.
    if (document.activeElement === document.body || document.activeElement === retry) answers.focus({ preventScroll: true });
    if (first) show(first);
    first = null;
  }).observe(find("talk"), { childList: true, subtree: true });

  const latest = find("latest");
  if (latest) latest.scrollIntoView({ block: "start", behavior: "auto" });
})();
