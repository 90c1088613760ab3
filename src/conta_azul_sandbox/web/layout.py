"""The frame around every page: self-contained, small, and clear about what it is not."""

from html import escape

from aiohttp import web

STYLE = """
:root{--ink:#1c2733;--soft:#5b6b7c;--line:#dde4ec;--blue:#1d5fd1;--back:#f4f7fb;--red:#b3261e;--green:#17693a}
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;
color:var(--ink);background:var(--back)}
a{color:var(--blue)}header{background:#fff;border-bottom:1px solid var(--line)}
header div,main{max-width:1180px;margin:0 auto;padding:.9rem 1rem}
header a{font-weight:700;text-decoration:none;color:var(--ink)}
.badge{display:inline-block;background:#fff4ce;color:#5c4400;border:1px solid #e6cf82;border-radius:99px;
padding:.1rem .7rem;font-size:.85rem;margin-left:.6rem}
h1{font-size:1.5rem;margin:.6rem 0}h2{font-size:1.1rem;margin:0 0 .6rem}
.card{background:#fff;border:1px solid var(--line);border-radius:12px;padding:1rem;margin:0 0 1rem}
.narrow{max-width:26rem;margin:2rem auto}.soft{color:var(--soft)}.error{color:var(--red)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.45rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}.money,td.money{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.day{white-space:nowrap}
label{display:block;margin:.7rem 0 .2rem;font-weight:600}
input[type=email],input[type=password]{width:100%;padding:.6rem;border:1px solid #b8c4d1;
border-radius:8px;font:inherit}
.choice{display:flex;gap:.6rem;align-items:flex-start;border:1px solid var(--line);border-radius:8px;
padding:.6rem;margin:.4rem 0;font-weight:400}
button{font:inherit;font-weight:600;border-radius:8px;padding:.6rem 1.1rem;border:1px solid var(--blue);
background:var(--blue);color:#fff;cursor:pointer;margin:.9rem .5rem 0 0}
button.plain{background:#fff;color:var(--blue)}
.QUITADO{color:var(--green)}.ATRASADO,.PERDIDO{color:var(--red)}nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem}
nav a{white-space:nowrap}
.sums{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.8rem;margin:0 0 1rem}
.sums div{background:#fff;border:1px solid var(--line);border-radius:12px;padding:.8rem}.sums b{display:block}
@media(max-width:640px){thead{display:none}
tr{display:block;border-bottom:1px solid var(--line);padding:.5rem 0}
td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.15rem 0;text-align:right}
td::before{content:attr(data-name);color:var(--soft);text-align:left;flex:none}}
"""
NUMBERS = ("Valor", "Saldo", "Contas a pagar", "Contas a receber")
LABEL = "Sandbox — não é a Conta Azul"


def page(title: str, content: str, *, status: int = 200) -> web.Response:
    """`content` is HTML, already escaped; `title` is text."""
    text = (
        '<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · {LABEL}</title><style>{STYLE}</style></head><body>"
        f'<header><div><a href="/">Livros de teste</a><span class="badge">{LABEL}</span></div></header>'
        f"<main>{content}</main></body></html>"
    )
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    }
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


def table(names: list[str], rows: list[list[str]]) -> str:
    """`rows` hold HTML cells; on a narrow screen each cell carries its column's name."""
    if not rows:
        return '<p class="soft">Nada por aqui ainda.</p>'
    head = "".join(f'<th class="{_heading_class(name)}">{escape(name)}</th>' for name in names)
    body = "".join(f"<tr>{''.join(map(_named_cell, names, row))}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _heading_class(name: str) -> str:
    return "money" if name in NUMBERS else ""


def _named_cell(name: str, cell: str) -> str:
    return cell.replace("<td", f'<td data-name="{escape(name)}"', 1)


def cell(text: str, css: str = "") -> str:
    return (
        f'<td class="{css}"><span>{escape(text)}</span></td>'
        if css
        else f"<td><span>{escape(text)}</span></td>"
    )


def section(title: str, content: str, anchor: str = "") -> str:
    return f'<section class="card" id="{anchor}"><h2>{escape(title)}</h2>{content}</section>'


def brazilian_date(iso: str) -> str:
    return f"{iso[8:10]}/{iso[5:7]}/{iso[:4]}"
