"""Opens what tries to be a formula in LibreOffice Calc, under four delimiters: `python3 tests/hostile/libreoffice.py target/debug/pql [CORPORA]`.

Needs `soffice` (Debian: libreoffice-calc-nogui). CORPORA is a folder with csv-injection/*.txt and naughty-strings/blns.json, whose texts are added to ours.
Every text stands in every text column of users and accounts: ids, traits, facts, sentences. Says how many cells there were, how many became formulas
under each delimiter, and how many texts could not be had back with the comma.
"""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

MODEL = """schema = 1
[metrics]
newest = { measure = "latest", value = "p" }
commonest = { measure = "top", value = "p", k = 2 }
[user.traits]
role = { type = "text" }
[account.traits]
plan = { type = "text" }
[[user.signals]]
name = "any"
per = "events"
points = -1.5
say = "{newest}"
[[user.signals]]
name = "role"
when = "role is not null"
points = 1
say = "is {role}; {role}"
[[account.signals]]
name = "many"
event = "e"
points = 1
say = "{plan}"
[[user.routes]]
name = "r"
motion = "human"
to = "AE"
because = "{newest}"
message = "Hello {role}"
[[account.routes]]
name = "r"
motion = "human"
because = "{plan}"
message = "{plan} {plan}"
[output]
user_columns = ["role", "newest", "commonest"]
account_columns = ["plan"]
"""


def texts(corpora):
    formulas = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\uff1d1+1", "\0=1+1", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u00a0=1+1", "\ufeff=1+1", "\u200b=1+1"]
    delimiters = [";", "|", "\t", ",", "\n", "\r\n", "\r", '"', '";', '",', '"\n', " ; ", "';", '""', '"";', '""|', "x\n;", 'x\n"', "x\ny\t", 'x;"\n']
    own = []
    for formula in formulas:
        own.append(formula)
        for d in delimiters:
            own += [d + formula, "x" + d + formula, "x" + d + '"' + formula, '"x"' + d + formula, d + d + formula, "x" + d + formula + "\ny"]
    own += ["'", "''", "'=1", '"', '""', 'x"', "x''", "a\rb", "a\r\nb", "a\nb", "x;y", "x|y"]
    if corpora:
        for path in sorted(pathlib.Path(corpora, "csv-injection").glob("*.txt")):
            own += path.read_text(encoding="utf-8").split("\n")
        own += json.loads(pathlib.Path(corpora, "naughty-strings/blns.json").read_text(encoding="utf-8"))
    return list(dict.fromkeys(text for text in own if text))


def events(texts):
    for at, text in enumerate(texts):
        time = "2026-10-%02dT10:00:00Z" % (at % 28 + 1)
        base = {"timestamp": time, "user_id": text, "account_id": text}
        yield {"event": "e", **base, "properties": {"p": text}}
        # The same texts beside an id that is nothing of the kind, so that they are not in the first cell alone.
        plain = {"timestamp": time, "user_id": "u%d" % at, "account_id": "a%d" % at}
        yield {"event": "e", **plain, "properties": {"p": text}}
        for ids in (base, plain):
            yield {"type": "identify", "timestamp": time, "user_id": ids["user_id"], "traits": {"role": text}}
            yield {"type": "group", "timestamp": time, "user_id": ids["user_id"], "account_id": ids["account_id"], "traits": {"plan": text}}


def paragraph(element):
    out = element.text or ""
    for child in element:
        if child.tag == TEXT + "s":
            out += " " * int(child.get(TEXT + "c", "1"))
        elif child.tag == TEXT + "tab":
            out += "\t"
        elif child.tag == TEXT + "line-break":
            out += "\n"
        else:
            out += paragraph(child)
        out += child.tail or ""
    return out


def opened(folder, path, delimiter, as_text=False):
    """Rows of cells as Calc shows them, and its formulas."""
    out = os.path.join(folder, "d%d" % delimiter)
    columns = "/".join("%d/2" % (column + 1) for column in range(40))
    # As text where cells are compared; as they come where formulas are looked for, since a column of text has none.
    filters = "CSV:%d,34,76,1,%s" % (delimiter, columns if as_text else "")
    command = ["soffice", "-env:UserInstallation=file://%s/profile" % folder, "--headless", "--infilter=" + filters, "--convert-to", "fods", "--outdir", out, path]
    subprocess.run(command, check=True, capture_output=True)
    tree = ET.parse(os.path.join(out, pathlib.Path(path).stem + ".fods"))
    rows, formulas = [], []
    for row in tree.iter(TABLE + "table-row"):
        cells = []
        for cell in row:
            repeated = int(cell.get(TABLE + "number-columns-repeated", "1"))
            if cell.get(TABLE + "formula") is not None:
                formulas.append(cell.get(TABLE + "formula"))
            cells += ["\n".join(paragraph(p) for p in cell.findall(TEXT + "p"))] * min(repeated, 60)
        rows.append(cells)
    return rows, formulas


def undone(cell, parts):
    out, starts, at = [], True, 0
    while at < len(cell):
        if starts and cell[at] == "'":
            at += 1
            if at == len(cell):
                break
        out.append(cell[at])
        starts = parts and (cell[at] in "\n;|\t" or cell[at] == "\r" and cell[at + 1 : at + 2] != "\n")
        at += 1
    return "".join(out)


def comparable(text):
    """Less what Calc changes of any text, whatever it is: it drops control characters, and knows one kind of line end."""
    text = re.sub("\r\n|\n\r|\r", "\n", text)
    return re.sub("[\0-\x09\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)


def main():
    pql = os.path.abspath(sys.argv[1])
    all_texts = texts(sys.argv[2] if len(sys.argv) > 2 else None)
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "model.toml").write_text(MODEL)
        with open(os.path.join(folder, "events.ndjson"), "w", encoding="utf-8") as out:
            for event in events(all_texts):
                out.write(json.dumps(event, ensure_ascii=False) + "\n")
        for out, form in (("sheet", "spreadsheet"), ("exact", "exact")):
            command = [pql, "score", "events.ndjson", "-m", "model.toml", "--as-of", "2026-10-31", "--out", out, "--csv", form]
            subprocess.run(command, check=True, cwd=folder, capture_output=True)
        print(len(all_texts), "texts")
        failed = False
        for name in ("users.csv", "accounts.csv"):
            with open(os.path.join(folder, "exact", name), encoding="utf-8", newline="") as file:
                exact = list(csv.reader(file))
            for delimiter in map(ord, sys.argv[3] if len(sys.argv) > 3 else ",;\t|"):
                rows, formulas = opened(folder, os.path.join(folder, "sheet", name), delimiter)
                print(name, repr(chr(delimiter)), sum(map(len, exact)), "cells:", len(formulas), "formulas", formulas[:3])
                failed |= bool(formulas)
                if delimiter != 44:
                    continue
                rows, _ = opened(folder, os.path.join(folder, "sheet", name), delimiter, as_text=True)
                lost = []
                for wanted, found in zip(exact, rows):
                    parts = any(c in cell for cell in wanted for c in "\r\n")
                    found += [""] * len(wanted)
                    for a, b in zip(wanted, found):
                        same = comparable(undone(b, parts)) == comparable(a)
                        # Calc also drops the tabs behind which an apostrophe may stand.
                        same |= parts and comparable(b).replace("'", "") == comparable(a).replace("'", "")
                        if not same and a != b:
                            lost.append((a, b))
                print(name, len(exact), "rows,", len(rows), "in Calc;", len(lost), "texts lost", lost[:5])
                failed |= len(lost) > 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
