// charts.js - a chart as a picture, and how dense a table is.

const drawn = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'opacity'];
const png = { width: 1200, height: 420, edge: 24, head: 44, foot: 34, left: 84 };

// The drawing with its looks written into it: a picture knows no style sheet.
function freeze(svg) {
	const copy = svg.cloneNode(true);
	const from = [svg, ...svg.querySelectorAll('*')];
	const to = [copy, ...copy.querySelectorAll('*')];

	from.forEach((element, i) => {
		const style = getComputedStyle(element);
		for (const name of drawn)
			to[i].setAttribute(name, style.getPropertyValue(name));
	});
	copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
	copy.setAttribute('width', png.width - png.left - png.edge);
	copy.setAttribute('height', png.height - png.head - png.foot);
	return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(
		new XMLSerializer().serializeToString(copy))}`;
}

function write(context, text, x, y, align, baseline) {
	context.textAlign = align;
	context.textBaseline = baseline;
	context.fillText(text, x, y);
}

async function savePicture(chart) {
	const svg = chart.querySelector('.chart-drawing');
	const style = getComputedStyle(chart);
	const caption = svg.getAttribute('aria-label');
	const canvas = document.createElement('canvas');
	const context = canvas.getContext('2d');
	const image = new Image();
	const scale = [...chart.querySelectorAll('.chart-scale span')];
	const ends = [...chart.querySelectorAll('.chart-ends span')];
	const bottom = png.height - png.foot;

	image.src = freeze(svg);
	await image.decode();
	canvas.width = png.width * 2;
	canvas.height = png.height * 2;
	context.scale(2, 2);
	context.fillStyle = getComputedStyle(chart.closest('.card')).backgroundColor;
	context.fillRect(0, 0, png.width, png.height);
	context.drawImage(image, png.left, png.head);
	context.fillStyle = style.color;
	context.font = `600 16px ${style.fontFamily}`;
	write(context, caption, png.edge, 14, 'left', 'top');
	context.font = `13px ${style.fontFamily}`;
	scale.forEach((span, i) => write(context, span.textContent, png.left - 10,
		png.head + (bottom - png.head) * i / (scale.length - 1),
		'right', 'middle'));
	if (ends.length === 2) {
		write(context, ends[0].textContent, png.left, bottom + 10, 'left', 'top');
		write(context, ends[1].textContent, png.width - png.edge, bottom + 10,
			'right', 'top');
	}
	const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
	const link = document.createElement('a');

	link.href = URL.createObjectURL(blob);
	link.download = `${caption.toLowerCase().replace(/[^\p{L}\d]+/gu, '-')}.png`;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

document.addEventListener('click', (event) => {
	const button = event.target.closest('[data-chart-png]');

	if (button)
		savePicture(button.closest('.chart'));
});

// What works only with this file is shown only with it, also in what the live
// view brings in.
function show() {
	for (const button of document.querySelectorAll('[data-chart-png][hidden]'))
		button.hidden = false;
}
show();
new MutationObserver(show).observe(document.body,
	{ childList: true, subtree: true });

// The chosen density stays.
const dense = document.querySelector('[data-density]');

if (dense) {
	dense.checked = localStorage.getItem('density') === 'dense';
	dense.addEventListener('change', () => localStorage.setItem('density',
		dense.checked ? 'dense' : ''));
}
