(() => {
  "use strict";
  // Everything is on the page without this script; it lets a reader choose, compare, sort, search and point at a mark.
  for (const chooser of document.querySelectorAll(".choose")) {
    const buttons = [...chooser.querySelectorAll("button")];
    const figures = [...document.querySelectorAll("[data-domain]")];
    const show = (domain) => {
      for (const figure of figures) figure.hidden = domain !== "" && figure.dataset.domain !== domain;
      for (const group of document.querySelectorAll(".groups")) group.classList.toggle("chosen", domain !== "");
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === domain));
    };
    const choose = (domain) => {
      show(domain);
      const address = new URL(location.href);
      if (domain) address.searchParams.set("domain", domain);
      else address.searchParams.delete("domain");
      address.hash = "";
      history.replaceState(null, "", address);
    };
    for (const button of buttons) button.addEventListener("click", () => choose(button.value));
    chooser.hidden = false;
    // The choice is in the address: whoever is sent it sees the same breakdown, at the figure that it names.
    const asked = new URLSearchParams(location.search).get("domain");
    if (buttons.some((button) => button.value === asked)) show(asked);
  }
  // A link leads into a fold: it opens, so that the row it names is seen.
  const reveal = () => {
    const there = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!there) return;
    for (let fold = there.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    there.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  reveal();
  // Tables are sorted by the column whose head is pressed: numbers as the language writes them, else by spelling.
  const parts = new Intl.NumberFormat(document.documentElement.lang).formatToParts(0.5);
  const comma = parts.some((part) => part.type === "decimal" && part.value === ",");
  const valued = (cell) => {
    const text = cell.textContent.trim().replace("−", "-");
    const found = text.match(/-?\d[\d.,]*/);
    if (!found || !cell.classList.contains("r")) return cell.classList.contains("r") ? NaN : text;
    const bare = comma ? found[0].replaceAll(".", "").replace(",", ".") : found[0].replaceAll(",", "");
    return parseFloat(bare) * (/mln|million|Mio\.|millones/.test(text) ? 1e6 : 1);
  };
  const compared = (a, b) => {
    if (typeof a === "string" || typeof b === "string") return String(a).localeCompare(String(b), document.documentElement.lang);
    return Number.isNaN(a) - Number.isNaN(b) || a - b;
  };
  for (const table of document.querySelectorAll(".scroll table")) {
    const body = table.tBodies[0];
    if (!body || body.rows.length < 3) continue;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].map((row) => [valued(row.cells[column]), row]);
        const missing = ([value]) => typeof value === "number" && Number.isNaN(value);
        rows.sort((a, b) => missing(a) - missing(b) || (down ? -1 : 1) * compared(a[0], b[0]));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }
  // Domains and waves side by side: bars drawn from the cells of the tables below, the choice kept in the address.
  for (const compare of document.querySelectorAll(".compare")) {
    const [indicator, by] = compare.querySelectorAll("select");
    const boxes = [...compare.querySelectorAll("input")];
    const put = (parent, name, attributes, text) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      if (text) made.textContent = text;
      parent.append(made);
      return made;
    };
    const draw = () => {
      const table = document.getElementById(indicator.value);
      const chosen = boxes.map((box, i) => [box.value, i + 1]).filter((_, i) => boxes[i].checked);
      const rows = [...table.querySelectorAll("tbody tr")].filter((row) => ["all", by.value].includes(row.dataset.by));
      const marks = rows.flatMap((row) => chosen.map(([wave, column]) => ({
        label: row.cells[0].textContent,
        wave: chosen.length > 1 ? wave : "",
        point: [wave, table.dataset.indicator, row.dataset.by, row.dataset.code],
        text: row.cells[column].textContent || "–",
        all: row.dataset.by === "all",
        limited: "limited" in row.cells[column].dataset,
        numbers: row.cells[column].dataset.n?.split(" ").map(Number),
      })));
      const ends = marks.flatMap((mark) => mark.numbers ?? []);
      const low = Math.min(0, ...ends);
      const most = Math.max(...ends, low + 1e-9);
      const size = 10 ** Math.floor(Math.log10(most));
      const high = [1, 2, 4, 6, 8, 10].map((k) => k * size).find((round) => round >= most * 0.9999);
      const at = (value) => 8 + (384 * (value - low)) / (high - low);
      const title = `${indicator.selectedOptions[0].textContent}, ${chosen.map(([wave]) => wave).join(", ")}`;
      compare.querySelector("figcaption b").textContent = title;
      const broken = table.querySelector(".broken");
      const told = compare.querySelector("figcaption .broken");
      told.hidden = !broken || chosen.length < 2;
      told.textContent = told.hidden ? "" : broken.textContent;
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const said = `${title}: ${marks.map((mark) => `${mark.label}${mark.wave && ", "}${mark.wave}: ${mark.text}`).join("; ")}`;
      for (const [key, value] of Object.entries({ viewBox: `0 0 400 ${marks.length * 66 + 26}`, role: "img", "aria-label": said, "font-size": 15, fill: "#17212b" })) svg.setAttribute(key, value);
      marks.forEach((mark, i) => {
        const y = i * 66;
        const colour = mark.all ? "#a63d0a" : "#0b5c7a";
        put(svg, "text", { x: 8, y: y + 18, "font-weight": mark.all ? 650 : 400 }, mark.label.length > 46 ? `${mark.label.slice(0, 45)}…` : mark.label);
        put(svg, "text", { x: 8, y: y + 36, fill: "#51606e" }, `${mark.wave}${mark.wave && ": "}${mark.text}`);
        put(svg, "line", { x1: at(0), x2: at(0), y1: y + 41, y2: y + 59, stroke: "#51606e" });
        if (!mark.numbers) return;
        const [estimate, from, to] = mark.numbers;
        put(svg, "line", { x1: at(from), x2: at(to), y1: y + 50, y2: y + 50, stroke: colour, "stroke-opacity": 0.45, "stroke-width": 7, ...(mark.limited ? { "stroke-dasharray": "3 3" } : { "stroke-linecap": "round" }) });
        put(svg, "circle", { cx: at(estimate), cy: y + 50, r: 5.2, fill: mark.limited ? "#ffffff" : colour, stroke: colour, "stroke-width": 2 });
      });
      const written = new Intl.NumberFormat(document.documentElement.lang, table.dataset.unit === "share" ? { style: "percent" } : { notation: "compact" });
      [0, 0.5, 1].forEach((part, i) => {
        const value = low + part * (high - low);
        put(svg, "text", { x: at(value), y: marks.length * 66 + 18, fill: "#51606e", "text-anchor": ["start", "middle", "end"][i] }, written.format(value));
      });
      compare.querySelector(".bars").replaceChildren(svg);
      carry({ svg, title, marks, table, told: told.textContent, waves: chosen.map(([wave]) => wave) });
    };
    // What is drawn as files of its own, made in the browser: nothing is fetched. Each says what it is about.
    const files = compare.querySelector(".files");
    const carried = JSON.parse(files.dataset.carried);
    const carry = ({ svg, title, marks, table, told, waves }) => {
      const address = new URL(location.href);
      address.hash = "";
      for (const [key, value] of [["indicator", indicator.value], ["by", by.value], ["waves", waves.join(",")]]) address.searchParams.set(key, value);
      const here = carried.link ? carried.link.replace(/#.*$/, address.search) : address.href;
      const counts = JSON.parse(table.dataset.counts);
      const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const [, , width, drawn] = svg.getAttribute("viewBox").split(" ").map(Number);
      let y = 8;
      const say = (text, size, ink, weight) => {
        const most = Math.floor((width - 16) / (size * 0.54));
        for (let left = text; left;) {
          const cut = left.length <= most ? left.length : Math.max(left.lastIndexOf(" ", most), 0) || most;
          y += size * 1.35;
          put(picture, "text", { x: 8, y, "font-size": size, fill: ink, "font-weight": weight }, left.slice(0, cut));
          left = left.slice(cut).trimStart();
        }
      };
      if (carried.notice) say(carried.notice, 12, "#5c2a05", 400);
      say(title, 17, "#17212b", 650);
      for (const text of [table.dataset.people, waves.map((wave) => counts[wave]).filter(Boolean).join("; ")]) say(text, 12, "#51606e", 400);
      const inside = svg.cloneNode(true);
      for (const [key, value] of Object.entries({ x: 0, y: y + 10, width, height: drawn })) inside.setAttribute(key, value);
      picture.append(inside);
      y += drawn + 16;
      for (const text of [told, ...carried.source.split("\n"), here]) say(text, 12, "#51606e", 400);
      const height = Math.ceil(y + 14);
      const ground = put(picture, "rect", { width, height, fill: "#ffffff" });
      picture.prepend(ground);
      for (const [key, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, width, height, "font-family": "system-ui, sans-serif", role: "img", "aria-label": svg.getAttribute("aria-label") })) picture.setAttribute(key, value);
      const source = new XMLSerializer().serializeToString(picture);
      const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      // A label that a spreadsheet would take for a formula is marked as text, as in every table.
      const plain = (text) => quoted(/^\s*[=+\-@|]/.test(text) ? `'${text}` : text);
      const lines = [["label", "wave", "indicator", "domain_variable", "domain", "estimate", "ci_low", "ci_high", "unit"]];
      for (const { label, point, numbers } of marks) lines.push([plain(label), ...point.map(plain), ...(numbers ?? ["", "", ""]), table.dataset.unit]);
      const data = (kind, text) => `data:${kind};charset=utf-8,${encodeURIComponent(text)}`;
      const name = ["compared", table.dataset.indicator, by.value, ...waves].join("-");
      const made = { svg: data("image/svg+xml", source), csv: data("text/csv", lines.map((line) => line.join(",")).join("\r\n") + "\r\n") };
      for (const [kind, link] of Object.entries(made)) {
        const there = files.querySelector(`[data-kind=${kind}]`);
        there.href = link;
        there.download = `${name}.${kind}`;
      }
      files.querySelector("[data-kind=link]").href = `${address.search}#compared`;
      // Pixels are made when they are asked for.
      files.querySelector("[data-kind=png]").onclick = (event) => {
        event.preventDefault();
        const image = new Image();
        image.onload = () => {
          const canvas = Object.assign(document.createElement("canvas"), { width: 960, height: Math.round((960 * height) / width) });
          canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
          Object.assign(document.createElement("a"), { href: canvas.toDataURL("image/png"), download: `${name}.png` }).click();
        };
        image.src = made.svg;
      };
      const filled = (text, of) => text.replace(carried.title, () => of).replace(carried.link || here, () => here);
      const shown = `, ${waves.join(", ")}`;
      files.querySelector(".sentence").textContent = filled(carried.sentence, title);
      files.querySelector(".bibtex").textContent = filled(carried.bibtex, table.dataset.tex + shown);
      const image = document.createElement("img");
      Object.assign(image, { alt: svg.getAttribute("aria-label"), src: made.svg });
      files.querySelector(".embedded").textContent = image.outerHTML;
    };
    const asked = new URLSearchParams(location.search);
    if ([...indicator.options].some((one) => one.value === asked.get("indicator"))) indicator.value = asked.get("indicator");
    if ([...by.options].some((one) => one.value === asked.get("by"))) by.value = asked.get("by");
    const waves = (asked.get("waves") ?? "").split(",").filter((wave) => boxes.some((box) => box.value === wave));
    if (waves.length) for (const box of boxes) box.checked = waves.includes(box.value);
    compare.addEventListener("change", (event) => {
      if (!boxes.some((box) => box.checked)) event.target.checked = true;
      draw();
      const address = new URL(location.href);
      address.searchParams.set("indicator", indicator.value);
      address.searchParams.set("by", by.value);
      address.searchParams.set("waves", boxes.filter((box) => box.checked).map((box) => box.value).join(","));
      address.hash = "";
      history.replaceState(null, "", address);
    });
    compare.hidden = !indicator.options.length || !by.options.length;
    if (!compare.hidden) draw();
  }
  // The search looks through what the page lists: no network, and without a script the list is whole.
  for (const seek of document.querySelectorAll(".seek")) {
    const field = seek.querySelector("input");
    const told = seek.querySelector("[role=status]");
    const bare = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const entries = [...document.querySelectorAll(".entries li")].map((entry) => [entry, bare(entry.textContent)]);
    const look = () => {
      const words = bare(field.value).split(/\s+/).filter(Boolean);
      let count = 0;
      for (const [entry, text] of entries) {
        entry.hidden = !words.every((word) => text.includes(word));
        count += !entry.hidden;
      }
      for (const kind of document.querySelectorAll(".kind")) kind.hidden = !kind.querySelector("li:not([hidden])");
      told.textContent = words.length ? (count ? String(count) : told.dataset.none) : "";
    };
    field.addEventListener("input", look);
    field.value = new URLSearchParams(location.search).get("q") ?? "";
    seek.hidden = false;
    look();
  }
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  for (const mark of document.querySelectorAll("[data-tip]")) {
    mark.addEventListener("pointermove", (event) => {
      tip.textContent = mark.dataset.tip;
      tip.hidden = false;
      const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
      tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, room)) + window.scrollX}px`;
      tip.style.top = `${event.clientY + 18 + window.scrollY}px`;
    });
    mark.addEventListener("pointerleave", () => { tip.hidden = true; });
  }
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("[data-domain]")) part.hidden = false;
    for (const part of document.querySelectorAll("details")) part.open = true;
  });
})();
