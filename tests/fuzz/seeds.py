"""Writes the seeds of the fuzz targets into fixtures/fuzz: `python3 tests/fuzz/seeds.py`. Reproducers of what was found stand beside them, under other names."""

import gzip
import io
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = ROOT / "fixtures" / "fuzz"
AT = "2026-10-30T09:14:07Z"


def write(target, name, content):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def event(**more):
    return json.dumps({"event": "a", "timestamp": AT, "user_id": "kim", **more}, ensure_ascii=False)


LINES = {
    "event": event(account_id="acme", event_id="e1", properties={"p": "sso", "role": "vp", "n": -1.5e3}),
    "anonymous": '{"event":"b","timestamp":1793351647,"anonymous_id":"v1","properties":{"p":[1,{"q":null}],"r":true}}',
    "identify": '{"type":"identify","timestamp":"%s","user_id":"kim","anonymous_id":"v1","traits":{"role":"vp","email":"k@acme.example"}}' % AT,
    "group": '{"type":"group","timestamp":"%s","user_id":"kim","account_id":"acme","traits":{"employees":120}}' % AT,
    "alias": '{"type":"alias","timestamp":"%s","user_id":"kim","previous_id":"old"}' % AT,
    "escapes": event(user_id="=1+1", properties={"p": "\\\"\u00e9\u2028\U0001f600\n\u0000"}).replace("\u00e9", "\\u00e9\\ud83d\\ude00"),
    "placeholder": event(user_id="NULL"),
    "lone": '{"event":"a","timestamp":"%s","user_id":"k","properties":{"p":"\\ud800"}}' % AT,
    "deep": '{"event":"a","timestamp":"%s","user_id":"k","properties":{"p":%s1%s}}' % (AT, "[" * 126, "]" * 126),
    "too_deep": "[" * 200,
    "numbers": '{"event":"a","timestamp":1793351647000000,"user_id":12345678901234567890,"properties":{"p":1e308,"q":-0,"r":0.1E-7}}',
    "twice": '{"event":"a","event":"b","timestamp":"%s","user_id":"k","properties":{"p":1,"p":2}}' % AT,
    "segment": '{"type":"track","event":"a","messageId":"m1","timestamp":"%s","userId":"kim","anonymousId":"v","context":{"groupId":"acme"},"properties":{"p":1}}' % AT,
    "rudderstack": '{"type":"track","event":"a","messageId":"m1","originalTimestamp":"%s","userId":"kim","channel":"web","rudderId":"r","properties":{"p":1}}' % AT,
    "amplitude": '{"event_type":"a","event_time":"2026-10-30 09:14:07.000000","user_id":"kim","device_id":"d","amplitude_id":1,"uuid":"u","$insert_id":"i","event_properties":{"p":1},"user_properties":{"role":"vp"},"groups":{"org":["acme"]}}',
    "mixpanel": '{"event":"a","properties":{"time":1793351647,"distinct_id":"kim","$insert_id":"i","$user_id":"kim","$device_id":"d","p":1}}',
    "mixpanel_merge": '{"event":"$merge","properties":{"time":1793351647,"distinct_id":"kim","$distinct_ids":["kim","v1"]}}',
    "posthog": '{"event":"a","uuid":"u","timestamp":"%s","distinct_id":"kim","person_id":"p","properties":{"p":1,"$groups":{"org":"acme"},"$is_identified":true}}' % AT,
    "snowplow": '{"app_id":"web","event_name":"a","event_id":"e","collector_tstamp":"2026-10-30 09:14:07.000","user_id":"kim","domain_userid":"d","unstruct_event_com_acme_a_1":{"p":1}}',
    "ga4": '{"event_date":"20261030","event_timestamp":"1793351647000000","event_name":"a","user_id":"kim","user_pseudo_id":"d","event_params":[{"key":"p","value":{"int_value":"1"}}]}',
    "broken": '{"event":"a","timestamp":"%s","user_id":"kim","prop' % AT,
    "blank": " \t",
}

MANY = "\n".join(LINES.values()) + "\n"
TABLE = "id,event,original_timestamp,user_id,context_group_id,plan\nx1,a,%s,kim,t1,\"te,\"\"am\"\nx2,b,soon,kim,t1\n" % AT
FILES = {
    # The first byte: 0 as it is, 1 gzip, 2 zstd and gzip, 3 two members of gzip; +4 lines of at most 256 bytes; +8 looks from one instant; +16 native, +32 Segment, +48 Mixpanel.
    "lines": b"\x10" + MANY.encode(),
    "short_lines": b"\x1c" + MANY.encode(),
    "crlf": b"\x10" + b"\xef\xbb\xbf" + MANY.replace("\n", "\r\n").encode(),
    "not_utf8": b"\x10" + event().encode() + b"\n\xff\xfe\n" + event(user_id="b").encode(),
    "packed": b"\x11" + MANY.encode(),
    "two_members": b"\x13" + (LINES["event"] + "\n").encode(),
    "two_kinds": b"\x12" + (LINES["event"] + "\n").encode(),
    "list": b"\x00[" + b",\n".join(line.encode() for line in [LINES["event"], LINES["group"], "7", LINES["lone"]]) + b"]",
    "answer": b"\x00" + ('{"results":[%s,%s],"next":null}' % (LINES["event"], LINES["alias"])).encode(),
    "pretty": b"\x00" + json.dumps(json.loads(LINES["event"]), indent=2).encode() + b"\n{}\n",
    "table": b"\x00" + TABLE.encode(),
    "semicolons": b"\x04" + TABLE.replace(",", ";").encode(),
    "batch": b"\x20" + ('{"batch":[%s,%s]}\n' % (LINES["segment"], LINES["identify"])).encode(),
    "split": b"\x30" + LINES["mixpanel"].replace('"p":1', '"p":"x\ny"').encode() + b"\n" + LINES["mixpanel"].encode() + b"\nterminated early\n",
    "formulas": b"\x10" + "\n".join(event(user_id=i, account_id=i, properties={"p": i}) for i in ["=1", "x;=1", "'", "\"=1", "\t@a", "\u0000-1", "::error::x", "\u202ex\u001b[31m"]).encode() + b"\n",
}

EXPRESSIONS = [
    "n > 3 and not b", "t in ('vp', 'cto') or t like 'v%_'", "case when n between 1 and 5 then 'low' else t end",
    "coalesce(j, 'none') = 'x'", "nullif(n, 0) is not null", "d - date '2026-01-31' >= 7", "least(n, 1.5e3) * -2 / (n + 1)",
    "greatest(n, null)", "lower(t) <> 'a''b'", "\"n odd\".\"x\" = 1", "not (b and true) or false", "j > n", "j = 'é'", "((((1))))",
    "n not in (1, 2, 3)", "t not like '%'", "n is null", "1 / 0", "- - n", "case when b then n end",
]

MODELS = [
    'schema = 1\n',
    'schema = 1\n[metrics]\nm = { measure = "count", event = "a", last = "7d" }\n[[user.signals]]\nname = "s"\nwhen = "m >= 1"\npoints = 5\n',
    'schema = 1\n[metrics]\nt = { measure = "trend", by = "users" }\no = { measure = "open", from = "a", to = "b", timeout = "24h", same = "p" }\n[account.rollups]\nx = { measure = "top_sum", value = "score", k = 3 }\n[[user.signals]]\nname = "s"\nper = "events"\npoints = -2.5\nmax = 10\ncategory = "c"\ndecay = { since = "days_inactive", half_life_days = 14 }\nsay = "{o|none} open"\n[user.categories.c]\nmin = -5\n[account.score]\nmax = 100\n',
    'schema = 1\ntime_zone = "Europe/Berlin"\n[[account.milestones]]\nname = "aha"\nsteps = ["a", "b"]\nwithin = "7d"\nsame = "p"\n[[account.milestones]]\nname = "both"\nall = ["aha"]\n[[account.segments]]\nname = "big"\nwhen = "users >= 2"\n[[account.tiers]]\nname = "pqa"\nwhen = "both"\nqualified = true\n[[account.tiers]]\nname = "not"\n[[account.routes]]\nname = "r"\nmotion = "human"\nto = "AE"\n',
    'schema = 1\n[input]\nfields = { event = "e", properties = "." }\n[events]\nok = { event = "a", where = "p = 200" }\n[user.traits]\nrole = { type = "text", from = ["title", "role"], pick = "first" }\n[[user.signals]]\nname = "l"\nvalue = "active_days_28"\nladder = [{ above = 1, points = 1 }, { above = 3, points = 2 }]\nexclusive = "g"\n',
    'schema = 9\nnonsense = [1, {a = 2}]\n[user.facts]\na = "b"\nb = "a"\n',
]

CASES = [
    'schema = 1\nas_of = "2026-10-31"\n[[case]]\nname = "c"\nevents = [{ user = "u{1..3}", account = "acme", event = "feature_used", at = "-1d", times = 3, every = "1h", properties = { feature = "sso" } }, { type = "identify", user = "u1", at = "-5d", traits = { role = "vp" } }]\n[case.accounts]\nacme = { company_size = 320 }\n[[case.expect]]\nuser = "u1"\nscore = 65\nfired = ["colleagues"]\nfacts = { invites = 3 }\nholds = ["score >= 10"]\n[[case.expect]]\naccount = "none"\nabsent = true\n',
    'schema = 1\n[[case]]\nname = "one"\nas_of = "2026-10-31T12:00:00Z"\nevents = [{ visitor = "v", event = "x", at = "2026-10-30T10:00:00" }]\n',
    'schema = 1\nas_of = "soon"\n[[case]]\nname = 7\nevents = [{ at = "-99999999d", times = 1000000 }]\n',
]

for name, text in LINES.items():
    write("line", name, text)
for name, content in FILES.items():
    write("file", name, content)
for at, text in enumerate(EXPRESSIONS):
    write("expression", f"{at:02}", text)
for at, text in enumerate(MODELS):
    write("model", f"{at:02}", text)
for at, text in enumerate(CASES):
    write("case", f"{at:02}", text)

plain = (LINES["event"] + "\n" + LINES["group"] + "\n").encode()
packed = io.BytesIO()
with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as out:
    out.write(plain)
write("file", "gzip_as_it_is", b"\x10" + packed.getvalue())
write("file", "gzip_cut_short", b"\x10" + packed.getvalue()[:-9])
