// charts.js - charts that one can look into: uPlot draws them in place of the
// SVG of templates/parts/chart.mustache, out of the table below it.
//
// No number is worked out or written here: heights are those of the SVG, and
// texts are the server's, in the reader's language and time zone.

const { uPlot } = window;
const TOP = 200; // of the scale: CHART_HEIGHT in src/site/chart.h
const BAR = 0.78; // of a bar's place
const PICTURE = { width: 1200, height: 420, head: 52, edge: 24 };
const STEPS = [1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192];
const charts = new Map(); // of a figure: what is drawn in it
const ruler = document.createElement('canvas').getContext('2d');

function read(figure) {
	return {
		kind: figure.dataset.chart,
		caption: figure.querySelector('.chart-drawing').ariaLabel,
		scale: [...figure.querySelectorAll('.chart-scale span')]
			.map((span) => span.textContent).reverse(),
		points: [...figure.querySelectorAll('[data-height]')].map((row) => ({
			...row.dataset,
			height: Number(row.dataset.height),
			label: row.cells[0].textContent,
			text: row.cells[1].textContent,
		})),
	};
}

// Style of the page, `zoom` times as large; no edges and no head of its own.
function look(figure, { zoom = 1, head = 8, edge = 0 } = {}) {
	const style = getComputedStyle(figure);
	const size = Math.round(zoom * parseFloat(style.fontSize));

	return {
		size, head: head * zoom, edge: edge * zoom, line: zoom,
		font: `${size}px ${style.fontFamily}`,
		colour: (name) => style.getPropertyValue(name),
	};
}

function widest(texts, font) {
	ruler.font = font;
	return Math.ceil(Math.max(...texts.map(
		(text) => ruler.measureText(text).width)));
}

// Every second, third... point has a name, as there is room: the same times of
// each day, and where a day begins.
function named(points, width, font) {
	const room = widest(points.map(({ day }) => day), font) +
		widest(['000'], font);
	const perDay = points.findIndex(({ clock }, i) =>
		i > 0 && clock && clock === points[0].clock);
	const step = STEPS.find((n) => n * width / points.length >= room &&
		(perDay < 1 || perDay % n === 0 || n % perDay === 0)) ??
		points.length;
	const begins = points.findIndex(({ day, clock }, i) =>
		i > 0 && clock && day !== points[i - 1].day);

	return [...points.keys()].filter((i) =>
		i % step === Math.max(begins, 0) % step);
}

// Days, or times of day with the day below the first of each.
function names(points, places) {
	const shown = places.map((at) => points[at]);
	const isOfDays = shown.every(({ clock }) => clock === shown[0].clock);

	return shown.map(({ day, clock }, i) => {
		if (!clock || (isOfDays && shown.length > 1))
			return day;
		return shown[i - 1]?.day === day ? clock : `${clock}\n${day}`;
	});
}

// The last name stands below the last point, half of it beyond.
function right({ points }, { size, font, edge }) {
	return Math.ceil(Math.max(size,
		widest(points.map(({ day }) => day), font) / 2)) + edge;
}

function axes({ points, scale }, style) {
	const { size, font, edge, line, colour } = style;
	const left = Math.max(widest(scale, font), 3.4 * size) + size + edge;
	const lines = points.some(({ clock }) => clock) ? 2 : 1;
	const width = (u) => u.width - left - right({ points }, style);
	const base = { font, stroke: colour('--muted'), ticks: { show: false } };

	return [{
		...base,
		size: (lines * 1.5 + 0.7) * size + edge,
		gap: 0.7 * size,
		grid: { show: false },
		splits: (u) => named(points, width(u), font),
		values: (u, places) => names(points, places),
	}, {
		...base,
		size: left,
		gap: 0.9 * size,
		grid: { stroke: colour('--line'), width: line },
		splits: () => [0, TOP / 2, TOP],
		values: () => scale,
	}];
}

function options(chart, style) {
	const isBars = chart.kind === 'bars';
	const last = chart.points.length - 1;
	const accent = style.colour('--accent');

	return {
		legend: { show: false },
		select: { show: false },
		padding: [style.head, right(chart, style), 0, 0],
		scales: {
			x: { time: false, range: isBars ? [-0.5, last + 0.5] : [0, last] },
			y: { range: [0, TOP] },
		},
		axes: axes(chart, style),
		series: [{}, isBars ? {
			fill: accent,
			points: { show: false },
			paths: uPlot.paths.bars({ size: [BAR, Infinity] }),
		} : {
			stroke: accent,
			fill: style.colour('--accent-soft'),
			width: 2 * style.line,
			points: { show: false },
			paths: uPlot.paths.stepped({ align: 1 }),
		}],
		cursor: {
			y: false,
			drag: { x: false, y: false },
			points: isBars ? { show: false } : { size: 9, fill: accent },
			// It stands on what it tells of.
			move: (u, left, top) => [left < 0 ? left
				: u.valToPos(u.posToIdx(left), 'x'), top],
		},
	};
}

const data = ({ points }) => [[...points.keys()],
	points.map(({ height }) => height)];

// What the cursor stands on, in words above it.
function tell(figure, { points }, u) {
	const tip = figure.querySelector('.chart-tip');
	const point = points[u.cursor.idx];

	tip.hidden = !point;
	if (!point)
		return;
	tip.textContent = `${point.label}: ${point.text}`;
	const frame = figure.getBoundingClientRect();
	const over = u.over.getBoundingClientRect();
	const half = tip.offsetWidth / 2;
	const middle = over.left - frame.left + u.valToPos(u.cursor.idx, 'x');

	tip.style.left = `${Math.min(Math.max(middle, half), frame.width - half)}px`;
	tip.style.top = `${over.top - frame.top +
		u.valToPos(point.height, 'y') - 6}px`;
}

function makePlaces(figure, { caption }) {
	const plot = document.createElement('div');
	const tip = document.createElement('div');

	plot.className = 'chart-plot';
	plot.role = 'img';
	plot.ariaLabel = caption;
	plot.tabIndex = 0;
	tip.className = 'chart-tip';
	tip.role = 'status';
	tip.hidden = true;
	figure.querySelector('.chart-plain').before(plot, tip);
	figure.querySelector('[data-chart-png]').hidden = false;
	figure.classList.add('is-drawn');
	return plot;
}

const sizeOf = (plot) => ({ width: plot.clientWidth,
	height: plot.clientHeight });

const resized = new ResizeObserver((entries) => {
	for (const { target } of entries) {
		const drawn = charts.get(target.parentNode);

		if (drawn && target.clientWidth > 0)
			fit(drawn.u, target, drawn.chart);
	}
});

function fit(u, plot, { points }) {
	u.setSize(sizeOf(plot));
	plot.style.setProperty('--place',
		`${u.over.clientWidth / points.length}px`);
}

function draw(figure) {
	const chart = read(figure);
	const plot = figure.querySelector('.chart-plot') ??
		makePlaces(figure, chart);
	const u = new uPlot({
		...options(chart, look(plot)),
		...sizeOf(plot),
		hooks: { setCursor: [(self) => tell(figure, chart, self)] },
	}, data(chart), plot);

	charts.get(figure)?.u.destroy();
	charts.set(figure, { u, chart });
	fit(u, plot, chart);
	resized.observe(plot);
}

// Those that the live view brings in, and no more those that it took away.
function drawNew() {
	for (const [figure, { u }] of charts)
		if (!figure.isConnected) {
			u.destroy();
			charts.delete(figure);
		}
	for (const figure of document.querySelectorAll('.chart:not(.is-drawn)'))
		draw(figure);
}

function drawAgain() {
	for (const figure of charts.keys())
		draw(figure);
}

// --- by keyboard

function move({ u, chart }, key) {
	const last = chart.points.length - 1;
	const at = u.cursor.idx;
	const to = {
		ArrowLeft: Math.max((at ?? last + 1) - 1, 0),
		ArrowRight: Math.min((at ?? -1) + 1, last),
		Home: 0,
		End: last,
	}[key];

	if (to !== undefined)
		u.setCursor({ left: u.valToPos(to, 'x'), top: 0 });
	return to !== undefined;
}

document.addEventListener('keydown', (event) => {
	const plot = event.target.closest('.chart-plot');

	if (plot && !event.altKey && !event.ctrlKey && !event.metaKey &&
		move(charts.get(plot.parentNode), event.key))
		event.preventDefault();
});
document.addEventListener('focusout', (event) => {
	const plot = event.target.closest('.chart-plot');

	if (plot)
		charts.get(plot.parentNode)?.u.setCursor({ left: -10, top: -10 });
});

// --- as a picture

// Twice as fine as it is large; uPlot multiplies by the screen's own ratio.
function picture(figure) {
	const chart = read(figure);
	const zoom = 2 / devicePixelRatio;
	const style = look(figure.querySelector('.chart-plot'),
		{ ...PICTURE, zoom });

	return new Promise((done) => {
		const u = new uPlot({
			...options(chart, style),
			width: PICTURE.width * zoom,
			height: PICTURE.height * zoom,
			hooks: {
				drawClear: [({ ctx }) => drawHead(ctx, chart, style)],
				draw: [({ ctx }) => ctx.canvas.toBlob((blob) => {
					u.destroy();
					done(blob);
				})],
			},
		}, data(chart));
	});
}

function drawHead(context, { caption }, { size, edge, font, colour }) {
	const ratio = devicePixelRatio;
	const { width, height } = context.canvas;

	context.save();
	context.fillStyle = colour('--surface');
	context.fillRect(0, 0, width, height);
	context.fillStyle = colour('--text');
	context.font = `600 ${Math.round(1.4 * size * ratio)}px ${
		font.slice(font.indexOf(' ') + 1)}`;
	context.textAlign = 'left';
	context.textBaseline = 'middle';
	context.fillText(caption, edge * ratio, edge * ratio);
	context.restore();
}

async function save(figure) {
	const { caption } = read(figure);
	const link = document.createElement('a');

	link.href = URL.createObjectURL(await picture(figure));
	link.download = `${caption.toLowerCase().replace(/[^\p{L}\d]+/gu, '-')}.png`;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

document.addEventListener('click', (event) => {
	const button = event.target.closest('[data-chart-png]');

	if (button)
		save(button.closest('.chart'));
});

drawNew();
new MutationObserver(drawNew).observe(document.body,
	{ childList: true, subtree: true });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAgain);
