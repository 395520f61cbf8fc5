"""What scripts/operations and scripts/layers read of headers alike: arguments as a user writes them, and options."""
import re

comment = re.compile(r"^\s*/// ?(.*)$")


def shown(arguments, options=None):
    """A list of arguments: names and defaults, and of options their class."""
    parts, depth, part = [], 0, ""
    for c in arguments + ",":
        depth += (c in "(<{[") - (c in ")>}]")
        if c == "," and depth == 0:
            parts.append(" ".join(part.split()))
            part = ""
        else:
            part += c
    names = []
    for p in filter(None, parts):
        head, _, default = p.partition(" = ")
        kind = re.search(r"(\w*Options)(?:<\w+>)?&? (\w+)$", head)
        name = re.search(r"(\w+)$", head)
        if not name or name.group(1) in ("site", "Site"):
            continue
        if kind:
            made = options if kind.group(1) == "Options" and options else kind.group(1)
            names.append(f"{made}()" if default else made)
        else:
            names.append(name.group(1) + (f" = {default}" if default else ""))
    return ", ".join(names)


def options(header):
    """[(class, docstring, [(member, docstring)])] of the classes of options that a header declares."""
    found, doc, members, name, aliases = [], [], [], None, {}
    text = header.read_text()
    for alias, base in re.findall(r"^using (\w+Options) = (\w+Options)<\w+>;", text, re.M):
        aliases.setdefault(base, []).append(alias)
    for line in text.splitlines():
        if match := comment.match(line):
            doc.append(match.group(1))
            continue
        if match := re.match(r"(?:class|struct) (\w+Options)(?: final)? {", line):
            name, members = match.group(1), []
            found.append((" and ".join(aliases.get(name, [name])), " ".join(doc), members))
        elif line.startswith("}"):
            name = None
        elif name and (match := re.match(rf"  {name}& (\w+\([^)]*\)) {{", line)):
            member, taken = match.group(1).split("(", 1)
            if doc or not members or members[-1][0].split("(")[0] != member:  # else another form of the one before
                members.append((f"{member}({shown(taken[:-1])})", " ".join(doc)))
        elif name and (match := re.match(r"  \w+ (\w+) = ([^;]+);\s*(?:///< (.*))?", line)) and match.group(3):
            members.append((f"{match.group(1)} = {match.group(2)}", match.group(3)))
        if not line.startswith("template"):
            doc = []
    return found


def options_section(headers):
    """The lines of a section of what may be set, and what lacks a docstring."""
    text, problems = ["## Options", "", "What may be set besides, in any order: `ConvOptions().stride(2).padding(1)`.", ""], []
    for header in headers:
        for name, doc, members in options(header):
            text += [f"### {name}", "", doc, "", "| | |", "|---|---|"]
            for call, about in members:
                if not about and call != "reduction(v)":
                    problems.append(f"{header.name}: {name}::{call} has no docstring")
                about = about or "What becomes of the losses of a batch; their mean by default."
                text.append(f"| `{call}` | {about.replace('|', chr(92) + '|')} |")
            text.append("")
    return text, problems
