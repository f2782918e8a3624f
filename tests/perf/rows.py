"""Holds the rows of one run against another's: rows.py ONE.csv OTHER.csv. In a process of its own, so that what it holds in memory is not
taken for that of a program that is measured.

The first column that both have is the key; all columns that both have must agree, numbers as numbers, and the order of rows does not
matter. Prints how many rows agree, or the first differences, and then ends with 1."""
import csv
import sys


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def same(one, other):
    return one == other or (number(one) is not None and number(one) == number(other))


def table(path, columns):
    """Rows by their key."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        names = next(rows)
        places = [names.index(column) for column in columns]
        return {row[places[0]]: tuple(row[place] for place in places[1:]) for row in rows}


def header(path):
    with open(path, newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


def main():
    one, other = sys.argv[1:3]
    theirs = header(other)
    columns = [column for column in header(one) if column in theirs]
    if not columns or not columns[0].endswith("_id") or "score" not in columns:
        sys.exit(f"{one} and {other} have no id and score in common: {', '.join(columns) or 'no column'}")
    mine, theirs = table(one, columns), table(other, columns)
    wrong = [f"row {key} is only in {one}" for key in mine.keys() - theirs.keys()]
    wrong += [f"row {key} is only in {other}" for key in theirs.keys() - mine.keys()]
    for key in mine.keys() & theirs.keys():
        pairs = zip(columns[1:], mine[key], theirs[key])
        wrong += [f"row {key}: {column} is {a} and {b}" for column, a, b in pairs if not same(a, b)]
    if wrong:
        print(*sorted(wrong)[:10], sep="\n")
        sys.exit(f"{len(wrong)} differences between {one} and {other}")
    print(f"{len(mine)} rows, {', '.join(columns)}")


main()
