(() => {
  "use strict";
  // Everything is on the page without this script; it only lets a reader choose a breakdown and point at a mark.
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
    if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
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
