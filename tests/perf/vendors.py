#!/usr/bin/env python3
"""Writes the events of gen_events.py as vendors export them, and measures what reading each costs beside native lines.

    python3 tests/perf/vendors.py                       the table, from 20,000 events
    python3 tests/perf/vendors.py --events 200000       of more of them
    python3 tests/perf/vendors.py amplitude ga4         of some formats
    gen_events.py ... | vendors.py --write amplitude    only the lines, to the standard output

Counted are the instructions of `pql score` on one thread under callgrind, so a busy machine does not change the result. Of each run those of a run without
events are taken off. Lines have what such exports carry beside the event (the page, the library, the device), since that is what is read past. Needs valgrind.
Rows are held against those of the native lines: reading fast what is not read right is worth nothing.
"""
import argparse
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import uuid

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
TSV_COLUMNS = re.findall(r'^    "(\w+)",$', (ROOT / "src/engine/decode/format/snowplow_tsv.rs").read_text(), re.M)
# Where the account is, for formats that cannot know.
FIELDS = {"mixpanel": "properties.company_id", "ga4": "event_params.org_id", "snowplow": "contexts_com_acme_organization_1.0.id"}


class Event:
    """A native line, and what an export has beside it."""

    def __init__(self, line):
        native = json.loads(line)
        self.id, self.name, self.user, self.account = (native[key] for key in ("event_id", "event", "user_id", "account_id"))
        self.at = datetime.datetime.fromisoformat(native["timestamp"])
        self.properties = native["properties"]
        self.uuid = str(uuid.UUID(hashlib.md5(self.id.encode()).hexdigest()))
        self.device = str(uuid.UUID(hashlib.md5(self.user.encode()).hexdigest()))
        self.number = int(self.uuid[:8], 16)
        path = f"/w/{self.account}/p/{self.number % 97}"
        self.page = {"path": path, "url": f"https://app.example{path}?filter={self.number % 7}", "title": "Team space",
                     "referrer": "https://www.example.org/search?q=usage+reports"}

    def time(self, layout="%Y-%m-%dT%H:%M:%S.%f", digits=3, zone="Z", late=0):
        at = (self.at + datetime.timedelta(milliseconds=late)).strftime(layout)
        return (at[:len(at) - 6 + digits] if digits < 6 else at) + zone


def segment(e):
    return {"anonymousId": e.device, "context": {"groupId": e.account, "ip": "10.2.3.9", "library": {"name": "analytics.js", "version": "2.11.4"},
            "locale": "en-GB", "page": e.page, "userAgent": AGENT, "timezone": "Europe/Dublin"}, "event": e.name, "integrations": {},
            "messageId": f"ajs-next-{e.uuid}", "originalTimestamp": e.time(late=-150), "properties": e.properties, "receivedAt": e.time(late=400),
            "sentAt": e.time(late=250), "timestamp": e.time(), "type": "track", "userId": e.user, "writeKey": "k3n9", "version": 2}


def rudderstack(e):
    line = segment(e)
    line["channel"] = "web"
    line["rudderId"] = e.device
    line["request_ip"] = "192.0.2.7"
    return line


def amplitude(e):
    stamp = lambda late: e.time("%Y-%m-%d %H:%M:%S.%f", 6, "", late)
    return {"$insert_id": e.uuid, "$insert_key": None, "$schema": None, "adid": None, "amplitude_attribution_ids": None,
            "amplitude_event_type": None, "amplitude_id": 4400000000 + int(e.user[1:]), "app": 700001, "city": "Dublin", "client_event_time": stamp(0),
            "client_upload_time": stamp(300), "country": "Ireland", "data": {"path": "/2/httpapi", "group_first_event": {}, "group_ids": {}},
            "data_type": "event", "device_brand": None, "device_carrier": None, "device_family": "Linux", "device_id": e.device,
            "device_manufacturer": None, "device_model": None, "device_type": "Linux", "dma": None, "event_id": e.number % 1000,
            "event_properties": e.properties, "event_time": stamp(0), "event_type": e.name, "global_user_properties": None, "group_properties": {},
            "groups": {"org id": [e.account]}, "idfa": None, "ip_address": "10.2.3.9", "is_attribution_event": None, "language": "English",
            "library": "amplitude-ts/2.11.4", "location_lat": None, "location_lng": None, "os_name": "Chrome", "os_version": "141",
            "partner_id": None, "paying": None, "plan": {}, "platform": "Web", "processed_time": stamp(900), "region": "Leinster", "sample_rate": None,
            "server_received_time": stamp(500), "server_upload_time": stamp(700), "session_id": int(e.at.timestamp() * 1000) // 10**6 * 10**6,
            "source_id": None, "start_version": None, "user_creation_time": "2026-01-03 10:02:11.482000", "user_id": e.user,
            "user_properties": {"initial_utm_source": "EMPTY", "initial_referrer": "EMPTY", "browser": "Chrome", "beta": True},
            "uuid": e.uuid, "version_name": None}


def mixpanel(e):
    return {"event": e.name, "properties": {"time": int(e.at.timestamp() * 1000), "distinct_id": e.user, "$browser": "Chrome", "$browser_version": 141,
            "$city": "Dublin", "$current_url": e.page["url"], "$device_id": e.device, "$insert_id": e.uuid.replace("-", ""), "$lib_version": "2.45.0",
            "$mp_api_endpoint": "api-js.mixpanel.com", "$mp_api_timestamp_ms": int(e.at.timestamp() * 1000) + 400, "$os": "Linux",
            "$screen_height": 1080, "$screen_width": 1920, "$user_id": e.user, "company_id": [e.account], "mp_country_code": "IE", "mp_lib": "web",
            "mp_processing_time_ms": int(e.at.timestamp() * 1000) + 650, **e.properties}}


def posthog(e):
    stamp = lambda late: e.time(digits=6, zone="+00:00", late=late)
    return {"uuid": e.uuid, "event": e.name, "distinct_id": e.user, "person_id": e.device, "properties": {**e.properties, "$browser": "Chrome",
            "$browser_version": 141, "$current_url": e.page["url"], "$device_id": e.device, "$group_0": e.account, "$groups": {"organization": e.account},
            "$host": "app.example", "$is_identified": True, "$lib": "web", "$lib_version": "1.96.1", "$os": "Linux", "$pathname": e.page["path"],
            "$referrer": e.page["referrer"], "$session_id": e.uuid, "$raw_user_agent": AGENT, "$ip": "10.2.3.9"},
            "person_properties": {"$initial_browser": "Chrome", "$creator_event_uuid": e.device, "beta": True}, "elements_chain": "",
            "timestamp": stamp(0), "created_at": stamp(700), "_inserted_at": stamp(3000)}


def snowplow(e):
    return {"app_id": "web", "platform": "web", "etl_tstamp": e.time(late=900), "collector_tstamp": e.time(late=400), "dvce_created_tstamp": e.time(),
            "event": "unstruct", "event_id": e.uuid, "name_tracker": "sp", "v_tracker": "js-3.24.0", "v_collector": "ssc-3.1.0",
            "v_etl": "snowplow-enrich-4.2.0", "user_id": e.user, "user_ipaddress": "10.2.3.9", "domain_userid": e.device, "domain_sessionidx": 4,
            "network_userid": e.device, "geo_country": "IE", "geo_city": "Dublin", "geo_latitude": 53.3, "geo_longitude": -6.2, "page_url": e.page["url"],
            "page_title": e.page["title"], "page_referrer": e.page["referrer"], "page_urlscheme": "https", "page_urlhost": "app.example",
            "page_urlport": 443, "page_urlpath": e.page["path"], "useragent": AGENT, "br_lang": "en-GB", "br_cookies": True, "br_viewwidth": 1920,
            "br_viewheight": 1080, "os_timezone": "Europe/Dublin", "doc_charset": "UTF-8", "dvce_sent_tstamp": e.time(late=250), "domain_sessionid": e.uuid,
            "derived_tstamp": e.time(), "event_vendor": "com.acme", "event_name": e.name, "event_format": "jsonschema", "event_version": "1-0-0",
            "event_fingerprint": e.uuid.replace("-", ""), f"unstruct_event_com_acme_{e.name}_1": e.properties,
            "contexts_com_acme_organization_1": [{"id": e.account, "plan": "team"}],
            "contexts_com_snowplowanalytics_snowplow_web_page_1": [{"id": e.uuid}]}


def snowplow_tsv(e):
    iglu = lambda name, data: {"schema": f"iglu:{name}/jsonschema/1-0-0", "data": data}
    cells = {key: "1" if value is True else value for key, value in snowplow(e).items()}
    for key in ("etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "dvce_sent_tstamp", "derived_tstamp"):
        cells[key] = cells[key].replace("T", " ").rstrip("Z")
    cells["unstruct_event"] = dump(iglu("com.snowplowanalytics.snowplow/unstruct_event", iglu(f"com.acme/{e.name}", e.properties)))
    cells["contexts"] = dump(iglu("com.snowplowanalytics.snowplow/contexts", [
        iglu("com.acme/organization", {"id": e.account, "plan": "team"}),
        iglu("com.snowplowanalytics.snowplow/web_page", {"id": e.uuid})]))
    return "\t".join(str(cells.get(name, "")) for name in TSV_COLUMNS)


def ga4(e):
    def pair(key, value):
        kind = "int_value" if isinstance(value, int) else "string_value"
        return {"key": key, "value": {kind: str(value)}}
    params = [pair("ga_session_id", 1772442840), pair("page_location", e.page["url"]), pair("page_title", e.page["title"]), pair("org_id", e.account)]
    return {"event_date": e.time("%Y%m%d%f", 0, ""), "event_timestamp": str(int(e.at.timestamp() * 1000) * 1000), "event_name": e.name,
            "event_params": params + [pair(key, value) for key, value in e.properties.items()], "event_bundle_sequence_id": str(e.number),
            "event_server_timestamp_offset": "0", "user_id": e.user, "user_pseudo_id": e.device,
            "privacy_info": {"analytics_storage": "Yes", "ads_storage": "Yes", "uses_transient_token": "No"}, "user_properties": [],
            "user_first_touch_timestamp": "1772442840000000", "device": {"category": "desktop", "operating_system": "Linux", "language": "en-gb",
            "is_limited_ad_tracking": "No", "web_info": {"browser": "Chrome", "browser_version": "141", "hostname": "app.example"}},
            "geo": {"city": "Dublin", "country": "Ireland", "continent": "Europe", "region": "Leinster"}, "stream_id": "1", "platform": "WEB",
            "is_active_user": True, "batch_event_index": "1", "batch_ordering_id": "3", "batch_page_id": str(e.number)}


FORMATS = {"segment": segment, "rudderstack": rudderstack, "amplitude": amplitude, "mixpanel": mixpanel, "posthog": posthog, "snowplow": snowplow,
           "snowplow_tsv": snowplow_tsv, "ga4": ga4}


def dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def written(line, to):
    event = FORMATS[to](Event(line))
    return (event if isinstance(event, str) else dump(event)) + "\n"


def counted(program, model, file, rows):
    """Instructions of a run, of which the rows are written."""
    log = rows.with_suffix(".callgrind")
    command = ["nice", "-n", "19", "valgrind", "--tool=callgrind", f"--callgrind-out-file={log}", program, "score", file, "-m", model,
               "--as-of", "2026-10-31", "--level", "user", "--threads", "1", "--quiet"]
    with open(rows, "wb") as out:
        done = subprocess.run([str(word) for word in command], stdout=out, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"vendors: {file}: {done.stderr}")
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def table(options):
    target = ROOT / "target"
    work = target / "perf" / "vendors"
    work.mkdir(parents=True, exist_ok=True)
    program = options.pql or target / "release" / "pql"
    model = work / "model.toml"
    fields = "".join(f'{name} = {{ account = "{path}" }}\n' for name, path in FIELDS.items())
    example = (ROOT / "scoring.example.toml").read_text()
    model.write_text(re.sub(r"(?m)^\[input\]$", f"[input.fields]\n{fields}\n[input]", example, count=1))
    generator = [sys.executable, HERE / "gen_events.py", "--events", str(options.events), "--users", str(max(1, options.events // 25)), "--accounts", "80"]
    lines = {kind: subprocess.run([str(word) for word in generator + more], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines(True)
             for kind, more in [("native", []), ("native_fat", ["--fat"])]}
    one = (lines["native"][0], work / "one.ndjson")
    one[1].write_text(one[0])
    start = counted(program, model, one[1], work / "one.rows")
    reference = None
    print("format            bytes/line  instructions/line  /byte  to native  to native of the same length")
    for name in ["native", "native_fat", *(options.formats or FORMATS)]:
        file = work / f"{name}.events"
        all_lines = lines.get(name) or [written(line, name) for line in lines["native"]]
        file.write_text("".join(all_lines))
        rows = work / f"{name}.rows"
        instructions = counted(program, model, file, rows) - start
        length, each = file.stat().st_size / options.events, instructions / options.events
        if name == "native":
            reference = (length, each, rows.read_bytes())
        elif name == "native_fat":
            slope = (each - reference[1]) / (length - reference[0])
        elif rows.read_bytes() != reference[2]:
            print(f"vendors: {name}: the rows differ from those of native lines ({rows})", file=sys.stderr)
        ratios = ""
        if name not in ("native", "native_fat"):
            same = reference[1] + slope * (length - reference[0])
            ratios = f"{each / length / (reference[1] / reference[0]):11.2f}  {each / same:11.2f}"
        print(f"{name:16}  {length:10.0f}  {each:17.0f}  {each / length:5.2f}{ratios}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("formats", nargs="*", choices=[*FORMATS, []], help="formats to measure [default: all]")
    parser.add_argument("--write", choices=FORMATS, help="only write the native lines of the standard input in this format")
    parser.add_argument("--events", type=int, default=20_000, help="events to measure with [default: %(default)s]")
    parser.add_argument("--pql", type=pathlib.Path, help="the program to measure [default: target/release/pql]")
    options = parser.parse_args()
    if options.write:
        sys.stdout.writelines(written(line, options.write) for line in sys.stdin)
    else:
        table(options)


main()
