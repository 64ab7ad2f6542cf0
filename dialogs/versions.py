"""Names a script version by its content: the source and its translations, together."""

import hashlib
import json
from dataclasses import replace

from dialogs.script import Script, Words


def with_words(script: Script, words: Words) -> Script:
    """`script`, named by its source, with its translations and named by both: 16 hex digits."""
    content = json.dumps([script.version, words], sort_keys=True, ensure_ascii=False)
    name = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return replace(script, version=name, words=words)
