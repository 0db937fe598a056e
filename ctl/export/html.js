// SPDX-License-Identifier: GPL-2.0
// The script of a page: a click on a heading sorts a table, a field filters its rows. Text is read and set as text only.
(function () {
	"use strict";
	const units = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, B: 1, KiB: 1024, MiB: 1048576, GiB: 1073741824, TiB: 1099511627776, "%": 1 };

	// What a cell stands for: the number behind it, the number it shows, or its text.
	function number(cell) {
		if (cell.dataset.v)
			return Number(cell.dataset.v);
		const m = /^([+-]?)([\d,]*\.?\d+(?:e[+-]?\d+)?) ?([a-zA-Z%]*)/.exec(cell.textContent);
		return m ? Number(m[1] + m[2].replace(/,/g, "")) * (units[m[3]] || 1) : NaN;
	}

	// Numbers first, then what is none; equal ones stay in their order.
	function compare(a, b, down) {
		if (a.isNumber && b.isNumber)
			return down ? b.value - a.value : a.value - b.value;
		if (a.isNumber !== b.isNumber)
			return a.isNumber ? -1 : 1;
		return (a.text < b.text ? -1 : a.text > b.text ? 1 : 0) * (down ? -1 : 1);
	}

	function sort(table, heading, column, numbers) {
		const down = heading.getAttribute("aria-sort") === (numbers ? "descending" : "ascending") ? !numbers : numbers;
		const rows = [...table.tBodies].map(body => {
			const cell = body.rows[0].cells[column], value = numbers ? number(cell) : NaN;
			return { body, value, isNumber: !isNaN(value), text: cell.textContent };
		});
		for (const th of table.tHead.rows[0].cells)
			th.removeAttribute("aria-sort");
		heading.setAttribute("aria-sort", down ? "descending" : "ascending");
		rows.sort((a, b) => compare(a, b, down));
		table.append(...rows.map(r => r.body));
	}

	const count = n => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

	// Words that a row must all have, in its cells or in its stacks; case matters where there is a capital letter.
	function filter(table, said, text) {
		const fold = !/[A-Z]/.test(text), words = text.split(/\s+/).filter(w => w);
		let shown = 0;
		for (const body of table.tBodies) {
			const cells = [...body.querySelectorAll("td")].map(c => c.textContent).join("\n");
			const content = fold ? cells.toLowerCase() : cells;
			body.hidden = !words.every(w => content.includes(w));
			shown += !body.hidden;
		}
		said.textContent = words.length ? count(shown) + " of " + count(table.tBodies.length) + " rows" : "";
	}

	for (const table of document.querySelectorAll(".rows table")) {
		const bar = document.createElement("div"), input = document.createElement("input"), said = document.createElement("span");
		bar.className = "filter";
		input.type = "search";
		input.placeholder = "filter rows";
		input.setAttribute("aria-label", "words that rows must have");
		said.setAttribute("role", "status");
		bar.append(input, said);
		table.before(bar);
		input.addEventListener("input", () => filter(table, said, input.value));
		[...table.tHead.rows[0].cells].forEach((heading, column) => {
			const button = document.createElement("button");
			button.textContent = heading.textContent;
			heading.replaceChildren(button);
			button.addEventListener("click", () => sort(table, heading, column, heading.className === "r"));
		});
	}
})();
