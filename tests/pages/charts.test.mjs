// charts.test.mjs - charts: that they say what their table says, in every
// look, on paper, as a picture, and without JavaScript.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { Installation } from '../bigdata/installation.mjs';
import { root, until } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, looked, picture, sizes, useSite } from
	'./browser.mjs';

const CALLS = '500';
const DAYS = '8';
const LIGHT = [70, 73, 214]; // --accent of site.css
const DARK = [154, 156, 255];
const WEEK = '/?range=7d';
let installation;
let model;

const site = useSite({ web: 'nginx' }, async ({ stack }) => {
	await promisify(execFile)(path.join(root, 'tests/bigdata/fill'),
		[stack.folder, CALLS, DAYS]);
	installation = new Installation(stack.folder);
	model = installation.sql("SELECT id FROM models WHERE name = 'model-1'");
	const price = (days, usd) => `(${model},
		1000 * (UNIX_TIMESTAMP() - ${days} * 86400), ${usd}000000, 1, 1)`;

	installation.sql(`INSERT INTO prices (model_id, valid_from_ms,
		input_picousd, output_picousd, created_ms)
		VALUES ${price(200, 5)}, ${price(120, 2)}, ${price(20, 1)}`);
	await stack.stop('gateway');
	await stack.start('gateway');
	await installation.login();
});

// The administrator's own language goes before the browser's.
async function open(where, { locale = 'en-GB', ...options } = {}) {
	const page = await site.open(where, { login: true, ...options });

	if (locale.startsWith('en'))
		return page;
	await page.context().addCookies([{ name: 'language',
		value: locale.slice(0, 2), url: site.url }]);
	await page.reload();
	return page;
}

// The rows of the table of a chart: [label, text].
const rowsOf = (chart) => chart.locator('[data-height]').evaluateAll((rows) =>
	rows.map(({ cells }) => [...cells].map((cell) => cell.textContent)));

// The colour of each bar, a little above its foot; and that of a picture.
const feet = (chart) => chart.evaluate((figure) => {
	const canvas = figure.querySelector('canvas');
	const over = figure.querySelector('.u-over').getBoundingClientRect();
	const frame = canvas.getBoundingClientRect();
	const ratio = canvas.width / frame.width;
	const places = figure.querySelectorAll('[data-height]').length;

	return Array.from({ length: places }, (_, i) => [...canvas
		.getContext('2d').getImageData(
			ratio * (over.left - frame.left + over.width * (i + 0.5) / places),
			ratio * (over.bottom - frame.top - 1.5), 1, 1).data].slice(0, 3));
});

async function savePicture(page, chart) {
	const [saved] = await Promise.all([page.waitForEvent('download'),
		chart.locator('[data-chart-png]').click()]);
	const chunks = [];

	for await (const chunk of await saved.createReadStream())
		chunks.push(chunk);
	return { name: saved.suggestedFilename(), bytes: Buffer.concat(chunks) };
}

// Width, height and the colours of a PNG, as a browser reads it.
const readPicture = (page, bytes) => page.evaluate(async (text) => {
	const data = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
	const image = await createImageBitmap(new Blob([data],
		{ type: 'image/png' }));
	const canvas = new OffscreenCanvas(image.width, image.height);
	const context = canvas.getContext('2d');

	context.drawImage(image, 0, 0);
	const { data: all } = context.getImageData(0, 0, image.width, image.height);
	const colours = {};
	for (let i = 0; i < all.length; i += 4) {
		const name = `${all[i]},${all[i + 1]},${all[i + 2]}`;
		colours[name] = (colours[name] ?? 0) + 1;
	}
	return { width: image.width, height: image.height, colours };
}, bytes.toString('base64'));

test('the cursor says what the table says, by pointer and by keys', async () => {
	const page = await open(WEEK);
	const { cost_chart: cost, requests_chart: requests } =
		JSON.parse((await installation.get('/api/v1/overview?range=7d',
			{ html: false })).body);

	for (const [i, wanted] of [cost, requests].entries()) {
		const chart = page.locator('.chart').nth(i);
		const plot = chart.locator('.chart-plot');
		const tip = chart.locator('.chart-tip');
		const rows = await rowsOf(chart);
		const over = chart.locator('.u-over');
		const { width } = await over.boundingBox();

		assert.deepEqual(rows,
			wanted.bars.map(({ label, text }) => [label, text]));
		assert.ok(rows.length > 20);
		for (const [at, [label, text]] of rows.entries()) {
			await over.hover({ position:
				{ x: width * (at + 0.7) / rows.length, y: 20 } });
			assert.equal(await tip.innerText(), `${label}: ${text}`);
		}
		await page.mouse.move(5, 5);
		await tip.waitFor({ state: 'hidden' });
		await plot.focus();
		await page.keyboard.press('Home');
		for (const [label, text] of rows) {
			assert.equal(await tip.innerText(), `${label}: ${text}`);
			await page.keyboard.press('ArrowRight');
		}
		assert.equal(await tip.innerText(), rows.at(-1).join(': '));
		await page.keyboard.press('ArrowLeft');
		assert.equal(await tip.innerText(), rows.at(-2).join(': '));
		await plot.evaluate((element) => element.blur());
		await tip.waitFor({ state: 'hidden' });
	}
});

test('where there is a value there is a bar, in the colour of the theme', async () => {
	const page = await open(WEEK);
	const chart = page.locator('.chart').first();
	const isThere = (await chart.locator('[data-height]').evaluateAll((rows) =>
		rows.map(({ dataset }) => Number(dataset.height) > 2)));

	assert.ok(isThere.includes(true));
	for (const [theme, colour] of [['light', LIGHT], ['dark', DARK],
		['light', LIGHT]]) {
		await page.emulateMedia({ colorScheme: theme });
		await until(async () => (await feet(chart)).some((found) =>
			found.join() === colour.join()), `bars of ${theme}`);
		assert.deepEqual((await feet(chart)).map((found) =>
			found.join() === colour.join()), isThere);
	}
});

for (const [theme, accent, surface] of [['light', LIGHT, '255,255,255'],
	['dark', DARK, '22,25,34']])
	test(`a chart is saved as a picture: ${theme}`, async () => {
		for (const size of ['wide', 'narrow']) {
			const page = await open(WEEK, { theme, size });
			const { name, bytes } = await savePicture(page,
				page.locator('.chart').first());
			const { width, height, colours } = await readPicture(page, bytes);

			assert.equal(name, 'cost-over-time.png');
			assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
			assert.deepEqual([width, height], [2400, 840]);
			const most = Object.keys(colours)
				.sort((a, b) => colours[b] - colours[a]);
			assert.deepEqual(most.slice(0, 2), [surface, accent.join()]);
		}
	});

test('it fits its box, whatever the size of the window', async () => {
	const page = await open(WEEK);
	const chart = page.locator('.chart').first();

	for (const [width, height] of [[1440, 900], [320, 640], [700, 900],
		[3840, 2160]]) {
		await page.setViewportSize({ width, height });
		await until(() => chart.evaluate((figure) =>
			figure.querySelector('.uplot').clientWidth ===
			figure.querySelector('.chart-plot').clientWidth), 'it fits');
		await assertFits(page);
		const [box, canvas] = await Promise.all([chart, chart.locator('canvas')]
			.map((one) => one.boundingBox()));
		assert.ok(Math.abs(canvas.width - box.width) < 1, width);
		assert.ok(canvas.height > 150, width);
		await picture(page, `charts-${width}`);
	}
});

test('nothing moves when the script has drawn', async () => {
	for (const size of Object.keys(sizes)) {
		const places = async (javaScript) => {
			const page = await open(WEEK, { size, javaScript });

			return page.locator('main .card, main .tile').evaluateAll((all) =>
				all.map((one) => Object.values(
					one.getBoundingClientRect().toJSON()).map(Math.round)));
		};

		assert.deepEqual(await places(true), await places(false), size);
	}
});

test('without JavaScript it is an SVG, and a table', async () => {
	for (const [size, theme] of [['wide', 'light'], ['narrow', 'dark']]) {
		const page = await open(WEEK, { javaScript: false, size, theme });
		const chart = page.locator('.chart').first();
		const heights = (selector, name) => chart.locator(selector)
			.evaluateAll((all, key) => all.map((one) => one.getAttribute(key)),
				name);

		assert.ok(await chart.locator('svg.chart-drawing').isVisible());
		assert.equal(await chart.locator('canvas').count(), 0);
		assert.equal(await chart.locator('[data-chart-png]').isVisible(), false);
		assert.deepEqual(await heights('.chart-value', 'height'),
			await heights('tr[data-height]', 'data-height'));
		await chart.locator('summary').click();
		assert.equal(await chart.locator('tbody tr:visible').count(),
			(await rowsOf(chart)).length);
		await assertFits(page);
		await picture(page, `charts-plain-${size}-${theme}`);
	}
});

for (const [size, theme, locale] of [['narrow', 'dark', 'es-ES'],
	['phone', 'light', 'es-ES'], ['wide', 'dark', 'en-GB']])
	test(`it looks right: ${size}, ${theme}, ${locale}`, async () => {
		for (const range of looked(['7d', '1h', '24h', '30d', '90d'])) {
			const page = await open(`/?range=${range}`, { size, theme, locale });
			const chart = page.locator('.chart').first();

			await chart.locator('.u-over').hover();
			const tip = await chart.locator('.chart-tip').innerText();
			if (locale === 'es-ES')
				assert.match(tip, /^\d+ \p{L}{3}.*: [\d,]+\sUS\$$/u);
			else
				assert.match(tip, /^\p{L}{3} \d+.*: \$[\d.]+$/u);
			await assertFits(page);
			await picture(page, `charts-${range}-${size}-${theme}`);
			await chart.locator('summary').click();
			await assertAccessible(page);
		}
	});

test('prices go by steps', async () => {
	for (const [size, theme] of [['wide', 'light'], ['phone', 'dark']]) {
		const page = await open(`/models/${model}`, { size, theme });
		const chart = page.locator('.chart[data-chart=steps]').first();
		const rows = await rowsOf(chart);

		await chart.locator('.chart-plot').focus();
		await page.keyboard.press('End');
		assert.equal(await chart.locator('.chart-tip').innerText(),
			rows.at(-1).join(': '));
		assert.match(rows.at(-1)[1], /^\$1\.00$/);
		assert.ok(await chart.locator('.u-cursor-pt').isVisible());
		await assertFits(page);
		await assertAccessible(page);
		await picture(page, `charts-steps-${size}-${theme}`);
		const { bytes } = await savePicture(page, chart);
		const { colours } = await readPicture(page, bytes);
		assert.ok(colours[(theme === 'dark' ? DARK : LIGHT).join()] > 2000);
	}
});

test('on paper it is the SVG, and light', async () => {
	const page = await open(WEEK, { theme: 'dark' });
	const chart = page.locator('.chart').first();

	await chart.locator('canvas').waitFor();
	await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
	assert.ok(await chart.locator('svg.chart-drawing').isVisible());
	assert.equal(await chart.locator('canvas').isVisible(), false);
	assert.equal(await chart.locator('[data-chart-png]').isVisible(), false);
	assert.equal(await page.locator('.card').first().evaluate((card) =>
		getComputedStyle(card).backgroundColor), 'rgb(255, 255, 255)');
	await picture(page, 'charts-print');
});

test('with nothing to show it says so', async () => {
	const page = await open('/?from=2020-01-01&to=2020-01-07',
		{ size: 'phone' });
	const chart = page.locator('.chart').first();

	await chart.locator('canvas').waitFor();
	assert.match(await chart.locator('.chart-empty').innerText(), /Nothing/);
	await picture(page, 'charts-empty');
});
