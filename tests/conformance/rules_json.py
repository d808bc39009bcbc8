"""Rules 43 to 57, JSON encoding, CORS and the rest, and the exact bytes of answers."""

from __future__ import annotations

from tests.conformance.rule import Rule

JSON_AND_REST = (
    Rule(
        "43",
        "JSON",
        "ids are hex of any case, not base64",
        "stored and returned in lower case; another length or no hex: the span is rejected",
        "the same; the whole request is 400",
    ),
    Rule(
        "44",
        "JSON MUST",
        "enums are integers, names are not used",
        "a name, or a number in quotes, is 400",
        "takes names too",
    ),
    Rule("45", "PROTO", "unknown enum numbers are kept", "kept; shown as UNSPECIFIED", "kept"),
    Rule("46", "JSON MUST", "unknown fields are ignored, at every level", "ignored", "ignored"),
    Rule(
        "47",
        "JSON",
        "keys are lowerCamelCase only",
        "snake_case keys are unknown, so such a span has no id: rejected",
        "takes both",
    ),
    Rule(
        "48",
        "JSON",
        "64-bit integers are decimal strings or numbers",
        "both, exactly; 32-bit integers as well. `1.0` and `1e3` are 400",
        "both",
        differs="ProtoJSON takes these forms too, although no exporter is known to write them.",
    ),
    Rule(
        "49",
        "JSON",
        "doubles are numbers or strings, NaN and the infinities too",
        "yes; an integral double stays a double",
        "number or string",
    ),
    Rule(
        "50",
        "JSON",
        "bytes are base64, of either alphabet, padded or not",
        "yes; anything else is 400",
        "padded, standard alphabet",
    ),
    Rule("51", "JSON", "null is an absent field, absent is the default", "yes", "mostly"),
    Rule(
        "52",
        "advice",
        "duplicate keys, trailing bytes, deep nesting never crash anything",
        "the last key wins; trailing bytes are 400; values deeper than 32 levels are 400",
        "trailing bytes are ignored",
    ),
    Rule(
        "53",
        "JSON",
        "bodies are UTF-8; NUL and lone surrogates do no harm",
        "NUL is kept, half a surrogate pair becomes U+FFFD; bytes that are no UTF-8 are 400",
        "-",
    ),
    Rule(
        "54",
        "advice",
        "browsers may export: preflights, before the token, and readable errors",
        "for the origins in `CORS_ORIGINS`, none by default; never credentials",
        "off by default; always allows credentials",
    ),
    Rule("55", "PROTO", "fields of later versions are ignored", "ignored, at every level", "ignored"),
    Rule(
        "56",
        "PROTO",
        "string indexes, which only profiles may use, do not fail a trace",
        "taken as absent",
        "decoded",
    ),
    Rule("57", "MAY", "empty envelopes are ignored", "ignored", "ignored"),
)

GOLDEN = (
    Rule("golden success", "MUST", "full success", "protobuf: no bytes; JSON: `{}`", "see rule 25"),
    Rule(
        "golden partial",
        "MUST",
        "one rejected span with the message x",
        "`0a050801120178` and its JSON",
        "never sends one itself",
    ),
    Rule("golden error", "MUST", "Status 3 with the message bad", "`08031203626164` and its JSON", "-"),
    Rule("golden details", "SHOULD", "Status with a BadRequest", "as ProtoJSON writes an Any", "none"),
    Rule("golden retry", "MAY", "Status with a RetryInfo", "a duration such as `5s`", "-"),
)
