// SPDX-License-Identifier: GPL-2.0
// The script of a flame graph: fits it to the window, zooms, searches, and follows the keyboard.
// Names are read from titles and written as text only.
(function () {
	"use strict";
	const MARGIN = 10, FRAME = 16, LINE = 16, SIDE = 3, LEAST = 3, TOP = 24;
	const svg = document.currentScript.ownerSVGElement, NS = svg.namespaceURI;
	const icicle = svg.dataset.order === "icicle", unit = svg.dataset.unit;
	// In a page, keys that move belong to the graph only while it has the focus.
	const alone = svg === document.documentElement;
	const part = id => svg.querySelector("#" + id);
	const frames = [...part("frames").children].map((g, i) => {
		const f = g.dataset.f.split(" ").map(Number), title = g.querySelector("title");
		const [name, ...about] = title.textContent.split("\n");
		title.remove();
		return { i, g, name, about: about.join(" "), depth: f[0], at: f[1], weight: f[2],
			 rect: g.querySelector("rect"), text: g.querySelector("text"), shown: null, merged: g.classList[0][0] === "o" };
	});
	const all = frames[0];
	// Frames come before what they call: so do their numbers, up to "end".
	const open = [];
	let levels = 0;
	for (const f of frames) {
		while (open.length && open[open.length - 1].depth >= f.depth)
			open.pop().end = f.i;
		f.parent = open[open.length - 1] || null;
		open.push(f);
		levels = Math.max(levels, f.depth + 1);
	}
	for (const f of open)
		f.end = frames.length;
	// The text of the lines around the frames, which are wrapped to the window.
	const lines = [...svg.querySelectorAll("#head text,#foot text")].map(t => ({
		t, foot: t.parentNode.id === "foot", words: [...t.children].map(s => s.textContent).join(" ") }));
	const heading = svg.querySelector(".t"), title = heading.querySelector("title").textContent;

	function make(name, attributes, to) {
		const e = document.createElementNS(NS, name);
		for (const a in attributes)
			e.setAttribute(a, attributes[a]);
		return to ? to.appendChild(e) : e;
	}

	// The width of a character as this browser has it; other text than ASCII is measured.
	let column = 0, titleColumn = 0, width = 0, zoomed = all, current = all, search = "";
	function measure() {
		const t = make("text", { visibility: "hidden" }, svg), sample = "0".repeat(50);
		t.textContent = sample;
		column = t.getComputedTextLength() / 50 || 7.25;
		t.setAttribute("class", "t");
		titleColumn = t.getComputedTextLength() / 50 || 9.7;
		t.remove();
	}

	function fit(t, text, room, each) {
		const plain = /^[ -~]*$/.test(text);
		let n = Math.floor(room / each);
		if (plain ? text.length <= n : false)
			return text;
		if (plain)
			return n < LEAST ? "" : text.slice(0, n - 2) + "..";
		const letters = Array.from(text);
		t.textContent = text;
		if (t.getComputedTextLength() <= room)
			return text;
		for (n = Math.min(n, letters.length); n >= LEAST; n--) {
			t.textContent = letters.slice(0, n - 2).join("") + "..";
			if (t.getComputedTextLength() <= room)
				return t.textContent;
		}
		return "";
	}

	function wrap(line, y) {
		const most = Math.max(20, Math.floor((width - 2 * MARGIN) / column));
		let row = "";
		line.t.textContent = "";
		const end = () => {
			y += LINE;
			make("tspan", { x: MARGIN, y }, line.t).textContent = row;
			row = "";
		};
		for (let word of line.words.split(" ")) {
			if (row && row.length + 1 + word.length > most)
				end();
			for (; word.length > most; word = word.slice(most)) {
				row = word.slice(0, most);
				end();
			}
			row += (row ? " " : "") + word;
		}
		end();
		return y;
	}

	function show(f, x, w) {
		if (f.shown !== true)
			f.g.removeAttribute("display");
		f.shown = true;
		f.x = x;
		f.w = w;
		f.rect.setAttribute("x", x.toFixed(2));
		f.rect.setAttribute("width", w.toFixed(2));
		if (w < LEAST * column + 2 * SIDE) {
			if (f.text)
				f.text.textContent = "";
			return;
		}
		if (!f.text)
			f.text = make("text", { y: Number(f.rect.getAttribute("y")) + 11 }, f.g);
		f.text.setAttribute("x", (x + SIDE).toFixed(2));
		f.text.textContent = fit(f.text, f.name, w - 2 * SIDE, column);
	}

	function hide(f) {
		if (f.shown !== false)
			f.g.setAttribute("display", "none");
		f.shown = false;
	}

	function isAbove(f) {
		return f.depth < zoomed.depth && f.i <= zoomed.i && zoomed.i < f.end;
	}

	function drawFrames() {
		const inner = width - 2 * MARGIN, scale = zoomed.weight ? inner / zoomed.weight : 0;
		for (const f of frames) {
			const above = isAbove(f);
			f.g.classList.toggle("up", above);
			if (above)
				show(f, MARGIN, inner);
			else if (f.i >= zoomed.i && f.i < zoomed.end)
				show(f, MARGIN + (f.at - zoomed.at) * scale, f.weight * scale);
			else
				hide(f);
		}
	}

	function draw() {
		let y = TOP;
		heading.textContent = fit(heading, title, width - 2 * MARGIN, titleColumn);
		make("title", {}, heading).textContent = title;
		for (const line of lines)
			if (!line.foot)
				y = wrap(line, y);
		part("legend").setAttribute("transform", "translate(0," + (y - legendY) + ")");
		y += 10 + 20;
		bar.setAttribute("y", y);
		bar.setAttribute("width", width - 2 * MARGIN);
		y += BAR;
		top = y;
		part("frames").setAttribute("transform", "translate(0," + y + ")");
		y += levels * FRAME + 4;
		for (const line of lines)
			if (line.foot)
				y = wrap(line, y);
		svg.setAttribute("height", y + 10);
		drawFrames();
	}

	// What is searched, and the way back.
	const BAR = 28, XHTML = "http://www.w3.org/1999/xhtml";
	const legendY = Number(part("legend").querySelector("text")?.getAttribute("y") || 0) - 11 - 10;
	const bar = make("foreignObject", { id: "bar", x: MARGIN, height: BAR });
	svg.insertBefore(bar, part("frames"));
	const html = (name, to) => to.appendChild(document.createElementNS(XHTML, name));
	const row = html("div", bar), back = html("button", row), input = html("input", row), found = html("span", row);
	let top = 0;
	row.style.cssText = "white-space:nowrap;overflow:hidden";
	back.textContent = "reset zoom";
	back.style.marginRight = "8px";
	input.type = "search";
	input.size = 30;
	input.placeholder = "regular expression (/)";
	input.setAttribute("aria-label", "search frames by a regular expression");
	found.setAttribute("role", "status");

	const count = n => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
	function scaled(n, step, names) {
		let i = 0;
		for (; n >= step - (step === 1000 ? 0.5 : 0) && i + 1 < names.length; i++)
			n /= step;
		return n.toFixed(!i || n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2) + " " + names[i];
	}
	function amount(n) {
		if (unit === "ns")
			return scaled(n, 1000, ["ns", "us", "ms", "s"]);
		if (unit === "bytes")
			return scaled(n, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
		return count(n) + " " + (n === 1 ? unit.replace(/s$/, "") : unit);
	}
	const percent = (n, of) => (of ? n * 100 / of : 0).toFixed(2) + " %";

	// A match below another one is part of it, and counts once.
	function find(text) {
		let re = null, bad = "", n = 0, sum = 0, to = 0, unseen = 0;
		try {
			// Capital letters in it mean themselves.
			re = text ? new RegExp(text, /[A-Z]/.test(text.replace(/\\./g, "")) ? "" : "i") : null;
		} catch (e) {
			bad = "no regular expression";
		}
		search = bad ? "" : text;
		for (const f of frames) {
			const hit = !!re && !f.merged && re.test(f.name);
			f.g.classList.toggle("hit", hit);
			if (f.merged && f.depth && f.i >= to)
				unseen += f.weight;
			if (!hit)
				continue;
			n++;
			if (f.i >= to) {
				sum += f.weight;
				to = f.end;
			}
		}
		found.className = bad ? "bad" : "";
		found.textContent = bad || (re ? percent(sum, all.weight) + ": " + count(n) + (n === 1 ? " frame, " : " frames, ") +
					    amount(sum) : "");
		if (re && unseen)
			found.textContent += "; not searched: " + percent(unseen, all.weight) + " in merged frames";
	}

	// The address has the view: a link to it restores it, and the browser's way back undoes it.
	function note(kept) {
		const words = [];
		if (zoomed !== all)
			words.push("zoom=" + zoomed.i);
		if (search)
			words.push("search=" + encodeURIComponent(search));
		const hash = words.length ? "#" + words.join("&") : "";
		if (location.hash === hash)
			return;
		if (kept)
			history.replaceState(null, "", hash || location.pathname + location.search);
		else
			location.hash = hash;
	}
	function restore() {
		const words = new URLSearchParams(location.hash.slice(1)), text = words.get("search") || "";
		const to = frames[Number(words.get("zoom") || 0)] || all;
		if (text !== search) {
			input.value = text;
			find(text);
		}
		if (to !== zoomed)
			zoom(to);
	}

	function zoom(f) {
		zoomed = f;
		drawFrames();
		back.disabled = f === all;
		if (!current.shown)
			current = f;
		hideTip();
		note();
	}

	// The tip beside the pointer or the focused frame.
	const tip = make("g", { id: "tip", display: "none" }, svg);
	const tipBox = make("rect", { rx: 3, height: 38 }, tip);
	const tipName = make("text", { y: 15 }, tip), tipAbout = make("text", { y: 31 }, tip);
	function hideTip() {
		tip.setAttribute("display", "none");
	}
	function showTip(f, x, y) {
		let about = f.about;
		if (zoomed !== all && zoomed.weight && f.i >= zoomed.i)
			about += ", " + percent(f.weight, zoomed.weight) + " of the zoomed frame";
		tip.removeAttribute("display");
		const room = width - 2 * MARGIN - 12;
		tipName.textContent = fit(tipName, f.name, room, column);
		tipAbout.textContent = fit(tipAbout, about, room, column);
		const w = Math.max(tipName.getComputedTextLength(), tipAbout.getComputedTextLength()) + 12;
		const left = Math.max(MARGIN, Math.min(x + 12, width - MARGIN - w));
		const bottom = Number(svg.getAttribute("height"));
		tipBox.setAttribute("width", w);
		tipName.setAttribute("x", 6);
		tipAbout.setAttribute("x", 6);
		tip.setAttribute("transform", "translate(" + left + "," + (y + 56 > bottom ? y - 46 : y + 16) + ")");
	}
	const frameOf = e => e.target.closest && frames[byElement.get(e.target.closest("#frames > g"))];
	const byElement = new Map(frames.map(f => [f.g, f.i]));
	const rowOf = f => icicle ? f.depth : levels - 1 - f.depth;

	function focus(f) {
		current.g.setAttribute("tabindex", -1);
		current = f;
		f.g.setAttribute("tabindex", 0);
		f.g.setAttribute("aria-label", f.name + ", " + f.about);
		f.g.focus();
	}
	const visible = f => f && f.shown;
	const moves = {
		parent: f => f.parent,
		child: f => frames.slice(f.i + 1, f.end).filter(c => c.parent === f && c.shown)
			.reduce((a, b) => a && a.weight >= b.weight ? a : b, null),
		left: f => frames.slice(0, f.i).reverse().find(c => c.depth === f.depth && c.shown),
		right: f => frames.slice(f.i + 1).find(c => c.depth === f.depth && c.shown),
	};
	const keys = { ArrowUp: icicle ? "parent" : "child", ArrowDown: icicle ? "child" : "parent",
		       ArrowLeft: "left", ArrowRight: "right" };

	svg.addEventListener("click", e => {
		const f = frameOf(e);
		if (f)
			zoom(f);
	});
	svg.addEventListener("pointermove", e => {
		const f = frameOf(e), box = svg.getBoundingClientRect();
		if (f)
			showTip(f, e.clientX - box.left, e.clientY - box.top);
		else
			hideTip();
	});
	svg.addEventListener("pointerleave", hideTip);
	svg.addEventListener("focusin", e => {
		const f = frameOf(e);
		if (f)
			showTip(f, f.x, top + rowOf(f) * FRAME);
	});
	svg.addEventListener("focusout", hideTip);
	back.addEventListener("click", () => zoom(all));
	input.addEventListener("input", () => {
		find(input.value);
		note(true);
	});
	document.addEventListener("keydown", e => {
		if (e.ctrlKey || e.altKey || e.metaKey || (e.target !== input && e.target.tagName === "INPUT"))
			return;
		if (e.key === "Escape") {
			if (search || input.value) {
				input.value = "";
				find("");
				note(true);
			} else if (zoomed !== all) {
				zoom(all);
			}
			input.blur();
			return;
		}
		if (e.target === input)
			return;
		if (e.key === "/") {
			e.preventDefault();
			input.focus();
			input.select();
		} else if (keys[e.key] && (alone || svg.contains(document.activeElement))) {
			const from = visible(current) ? current : zoomed;
			const to = document.activeElement === from.g ? moves[keys[e.key]](from) : from;
			e.preventDefault();
			if (visible(to))
				focus(to);
		} else if ((e.key === "Enter" || e.key === " ") && document.activeElement === current.g) {
			e.preventDefault();
			zoom(current);
			focus(current);
		}
	});
	window.addEventListener("hashchange", restore);

	function resize() {
		const w = Math.max(320, Math.floor(svg.getBoundingClientRect().width));
		if (w === width)
			return;
		width = w;
		draw();
	}
	svg.removeAttribute("viewBox");
	svg.setAttribute("width", "100%");
	for (const f of frames)
		f.g.setAttribute("tabindex", f === all ? 0 : -1);
	back.disabled = true;
	measure();
	resize();
	window.addEventListener("resize", resize);
	restore();
})();
