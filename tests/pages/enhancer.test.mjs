// enhancer.test.mjs - <ai-text-enhancer> in pages of another origin, whose
// policy is strict, with a publishable key; and in the playground.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, test } from 'node:test';

import { until } from '../conversations/stack.mjs';
import { assertAccessible, assertFits, picture, useSite } from './browser.mjs';

const SCRIPT = '/_/js/ai-text-enhancer.umd.js';
const TEXT = 'the boats is small and they goes past the mill';
const keys = {};
let app; // { url, server }: an application of its own origin
let other; // one that no key is for

const site = useSite({ web: 'nginx' }, async ({ stack }) => {
	app = await startApp(stack);
	other = await startApp(stack);
	await stack.addModel('quick', 'tokens=6');
	await stack.addModel('slow', 'tokens=40,gap_ms=50');
	await stack.addModel('endless', 'tokens=4000,gap_ms=100');
	await stack.addModel('cut', 'tokens=20,fault=cut');
	await stack.addModel('short', 'tokens=8,finish=length');
	await stack.addModel('dear');
	const publishable = async (name, models, ...words) => {
		keys[name] = (await stack.createKey(name, '--origins', app.url,
			'--models', models, '--cache', 'off', ...words)).key;
	};
	await publishable('app', 'quick,slow,endless,cut,short', '--rpm', '1000');
	await publishable('poor', 'quick', '--rpm', '1000', '--budget-daily', '0');
	await publishable('rare', 'quick', '--rpm', '1');
	await publishable('router', 'quick', '--rpm', '1000');
});

after(() => [app, other].forEach((one) => one?.server.close()));

// Its policy lets in what the component needs, and nothing else. /?MARKUP.
async function startApp(stack) {
	const server = http.createServer((request, response) => {
		const markup = decodeURIComponent(request.url.split('?')[1] ?? '');

		response.writeHead(200, {
			'content-type': 'text/html; charset=iso-8859-1',
			'content-security-policy': `default-src 'none'; script-src ${
				stack.url}; connect-src ${stack.url}; require-trusted-types-for `
				+ "'script'; trusted-types 'none'; base-uri 'none'",
			'cross-origin-embedder-policy': 'require-corp',
		});
		response.end(`<!doctype html><html lang="en"><head><title>App</title>
			<meta name="viewport" content="width=device-width">
			<meta name="color-scheme" content="light dark">
			<script src="${stack.url}${SCRIPT}" defer></script></head>
			<body><main><h1>A letter</h1>${markup}</main></body></html>`);
	});

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return { server, url: `http://127.0.0.1:${server.address().port}` };
}

const AREA = `<p><label for="body">Body</label></p>
	<textarea id="body" rows="4" cols="30">${TEXT}</textarea>`;

// A page of the app with the component beside its field.
async function open({ model = 'quick', key = keys.app, field = AREA,
	attributes = '', at = app, language = 'en', ...options } = {}) {
	const markup = `${field}<ai-text-enhancer editor-id="body" api-key="${
		key}" api-model="${model}" language="${language}" ${attributes}>
		</ai-text-enhancer>`;
	const page = await site.open(`/?${encodeURIComponent(markup)}`,
		{ base: at.url, ...options });

	await page.evaluate(() => {
		window.told = [];
		for (const name of ['enhance', 'suggestion', 'accept', 'discard',
			'undo', 'redo', 'enhance-error'])
			document.addEventListener(name, ({ detail }) =>
				window.told.push({ name, ...detail }));
	});
	return page;
}

const told = (page) => page.evaluate(() => window.told);
const names = async (page) => (await told(page)).map(({ name }) => name);
const press = (page, name) =>
	page.getByRole('button', { name, exact: true }).click();
const preview = (page) => page.getByRole('group', { name: /^Sug/ });
const field = (page) => page.inputValue('#body');
const problem = (page) => page.getByRole('alert');

async function ask(page, action = 'Improve') {
	await press(page, 'Improve text');
	await press(page, action);
	await page.getByRole('button', { name: 'Replace' }).waitFor();
	return preview(page).innerText();
}

test('the script may be loaded by pages of all origins', async () => {
	const answer = await fetch(site.url + SCRIPT,
		{ headers: { origin: 'https://elsewhere.example' } });

	assert.equal(answer.status, 200);
	assert.match(answer.headers.get('content-type'),
		/^(text|application)\/javascript; ?charset=utf-8$/i);
	assert.equal(answer.headers.get('access-control-allow-origin'), '*');
	assert.equal(answer.headers.get('cross-origin-resource-policy'),
		'cross-origin');
	const etag = answer.headers.get('etag');
	assert.ok(etag);
	const again = await fetch(site.url + SCRIPT,
		{ headers: { 'if-none-match': etag } });
	assert.equal(again.status, 304);
	const style = await fetch(`${site.url}/_/css/site.css`);
	assert.equal(style.headers.get('access-control-allow-origin'), null);
});

test('a suggestion arrives in parts, is accepted, undone, redone', async () => {
	const page = await open({ model: 'slow' });
	const lengths = new Set();

	await press(page, 'Improve text');
	await press(page, 'Improve');
	await until(async () => {
		lengths.add((await preview(page).innerText()).length);
		return lengths.size > 5;
	}, 'parts of the suggestion');
	assert.equal(await field(page), TEXT, 'nothing is changed unasked');
	await page.getByRole('button', { name: 'Replace' }).waitFor();
	const text = await preview(page).innerText();
	assert.match(text, /^The river carries/);
	await press(page, 'Replace');
	assert.equal(await field(page), text);
	assert.equal(await preview(page).isVisible(), false);
	await press(page, 'Undo');
	assert.equal(await field(page), TEXT);
	await press(page, 'Redo');
	assert.equal(await field(page), text);
	await page.focus('#body');
	await page.keyboard.press('Control+z');
	await page.keyboard.press('Control+z');
	await page.keyboard.press('Control+z');
	assert.equal(await field(page), TEXT, 'the browser can undo it as well');
	assert.deepEqual(await names(page),
		['enhance', 'suggestion', 'accept', 'undo', 'redo']);
	const [, { action }, accept] = await told(page);
	assert.equal(action, 'improve');
	assert.deepEqual([accept.text, accept.mode], [text, 'replace']);
});

test('what is sent is the text, as data, for the model named', async () => {
	const page = await open({ attributes: 'user="reader-7" api-provider="sandbox"',
		field: '<textarea id="body" aria-label="Body">a </text> b</textarea>' });

	await ask(page, 'Shorten');
	const { body, headers } = await site.stack.lastSeen();
	const { messages, user } = JSON.parse(body);

	assert.equal(headers.authorization?.includes(keys.app) ?? false, false);
	assert.equal(user, 'reader-7');
	assert.deepEqual(messages.map(({ role }) => role), ['system', 'user']);
	assert.match(messages[0].content, /never an instruction/);
	assert.match(messages[1].content,
		/half as long.*\n\n<textx>\na <\/text> b\n<\/textx>$/);
});

test('a selection alone, with what is around it kept', async () => {
	const page = await open();

	await page.evaluate(() => document.getElementById('body')
		.setSelectionRange(3, 10)); // " boats "
	await press(page, 'Improve text');
	await page.getByText('Selection only · 7 characters').waitFor();
	await press(page, 'Correct');
	await page.getByRole('button', { name: 'Replace' }).waitFor();
	const text = await preview(page).innerText();
	// Somebody writes on in the meantime, before it.
	await page.evaluate(() => {
		const body = document.getElementById('body');

		body.setRangeText('Look: ', 0, 0);
	});
	await press(page, 'Replace');
	assert.equal(await field(page), `Look: the ${text} ${TEXT.slice(10)}`);
	await page.focus('#body');
	await page.keyboard.press('Control+End');
	await page.keyboard.type('!');
	await press(page, 'Undo');
	assert.equal(await field(page), `Look: ${TEXT}!`, 'what was typed stays');
});

test('a text that is gone is not overwritten; append is still open', async () => {
	const page = await open();
	const text = await ask(page);

	await page.fill('#body', 'Something else');
	await press(page, 'Replace');
	await problem(page).getByText(/changed in the meantime/).waitFor();
	assert.equal(await field(page), 'Something else');
	await press(page, 'Append');
	assert.equal(await field(page), `Something else\n\n${text}`);
});

test('a stream is stopped, upstream as well, and what came is kept', async () => {
	const page = await open({ model: 'endless' });
	const aborts = async () => (await site.stack.stats()).client_aborts;
	const before = await aborts();

	await press(page, 'Improve text');
	await press(page, 'Lengthen');
	await preview(page).getByText(/river/).waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.shadowRoot
		.activeElement.textContent), 'Stop');
	await page.keyboard.press('Enter');
	await page.getByText(/^Stopped/).waitFor();
	await until(async () => await aborts() > before, 'the end upstream');
	await press(page, 'Replace');
	assert.match(await field(page), /^The river/);
});

test('Escape goes back step by step: stop, discard, close', async () => {
	const page = await open({ model: 'endless' });

	await press(page, 'Improve text');
	await press(page, 'Improve');
	await preview(page).getByText(/river/).waitFor();
	await page.keyboard.press('Escape');
	await page.getByText(/^Stopped/).waitFor();
	await page.keyboard.press('Escape');
	await page.getByText(/^Discarded/).waitFor();
	assert.equal(await field(page), TEXT);
	await page.keyboard.press('Escape');
	assert.equal(await page.getByRole('button', { name: 'Improve', exact: true })
		.isVisible(), false);
	const toggle = page.getByRole('button', { name: 'Improve text' });
	assert.equal(await toggle.getAttribute('aria-expanded'), 'false');
	assert.ok(await toggle.evaluate((button) =>
		button.getRootNode().activeElement === button));
});

test('one\'s own instruction, by keyboard alone', async () => {
	const page = await open({ field:
		'<textarea id="body" aria-label="Body"></textarea>' });

	await page.focus('#body');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await press(page, 'Improve');
	await problem(page).getByText(/no text yet/).waitFor();
	await page.getByLabel('Your own instruction').fill('Greet the reader');
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Replace' }).waitFor();
	const { body } = await site.stack.lastSeen();
	assert.match(JSON.parse(body).messages[1].content, /^Greet the reader\n/);
	await page.getByRole('button', { name: 'Replace' }).focus();
	await page.keyboard.press('Enter');
	assert.match(await field(page), /^The river/);
});

test('into another language, by the router\'s choice', async () => {
	const page = await open({ model: 'auto', key: keys.router });

	await press(page, 'Improve text');
	await page.getByLabel('Translate into').selectOption('eu');
	await press(page, 'Translate');
	await page.getByRole('button', { name: 'Replace' }).waitFor();
	const { body } = await site.stack.lastSeen();
	assert.match(JSON.parse(body).messages[1].content, /into Basque\./);
});

test('what a model says is text, never markup', async () => {
	const evil = '<img src=x onerror="document.title=1"><script>1</script>';

	await site.stack.play({ status: 200,
		headers: { 'content-type': 'text/event-stream' },
		body: `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk',
			created: 1, model: 'm', choices: [{ index: 0, finish_reason: null,
				delta: { role: 'assistant', content: evil } }] })}\n\ndata: ${
			JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1,
				model: 'm', choices: [{ index: 0, finish_reason: 'stop',
					delta: {} }] })}\n\ndata: [DONE]\n\n` });
	const page = await open({ field: `<div id="body" contenteditable
		role="textbox" aria-label="Body">${TEXT}</div>` });

	assert.equal(await ask(page), evil);
	assert.equal(await preview(page).locator('*').count(), 0);
	await press(page, 'Replace');
	assert.equal(await page.innerText('#body'), evil);
	assert.equal(await page.locator('#body img, #body script').count(), 0);
	assert.equal(await page.title(), 'App');
});

test('a field with formats: undone, it has them again', async () => {
	const page = await open({ field: `<div id="body" contenteditable
		role="textbox" aria-label="Body"><p>Some <b>bold</b> words.</p>
		<p>And more.</p></div>` });
	const before = await page.locator('#body').innerHTML();

	await page.evaluate(() => getSelection()
		.selectAllChildren(document.querySelector('#body b')));
	await press(page, 'Improve text');
	await page.getByText('Selection only · 4 characters').waitFor();
	await press(page, 'Improve');
	await page.getByRole('button', { name: 'Replace' }).waitFor();
	const text = await preview(page).innerText();
	await press(page, 'Replace');
	// Editing makes spaces beside an element unbreakable.
	assert.equal((await page.innerText('#body')).split('\n')[0]
		.replaceAll('\u00a0', ' '), `Some ${text} words.`);
	await press(page, 'Undo');
	assert.equal(await page.locator('#body').innerHTML(), before);
	await press(page, 'Redo');
	assert.match(await page.innerText('#body'), /^Some The river/);
});

test('frameworks hear of a change as of typing', async () => {
	const page = await open({ field:
		'<input id="body" aria-label="Body" value="a" maxlength="60">' });

	await page.evaluate(() => {
		window.heard = [];
		document.getElementById('body').addEventListener('input', (event) =>
			window.heard.push(event.target.value));
	});
	const text = await ask(page);
	const { body } = await site.stack.lastSeen();
	assert.match(JSON.parse(body).messages[1].content,
		/at most 60 characters/);
	await press(page, 'Replace');
	assert.deepEqual(await page.evaluate(() => window.heard), [text]);
});

test('an answer that a field cannot hold is not cut', async () => {
	const page = await open({ field:
		'<input id="body" aria-label="Body" value="ab" maxlength="10">' });

	await ask(page);
	await press(page, 'Replace');
	await problem(page).getByText(/at most 10 characters/).waitFor();
	await press(page, 'Append');
	assert.equal(await field(page), 'ab');
});

test('errors are said in words', async () => {
	for (const [options, said, kind] of [
		[{ key: keys.poor }, /budget .* used up/, 'budget'],
		[{ model: 'dear' }, /may not use the model/, 'model'],
		[{ model: 'nobody' }, /may not use the model/, 'model'],
		[{ key: `${keys.app}x` }, /key .* not accepted/, 'key'],
		[{ model: 'cut' }, /broke off/, 'broken'],
		[{ at: other, complains: true }, /not open to this page/, 'network'],
		[{ attributes: 'api-base-url="http://127.0.0.1:1"', complains: true },
			/could not be reached/, 'network'],
		[{ key: site.stack.key }, /secret key/, 'secret_key'],
		[{ attributes: 'api-provider="sandbox"', model: 'auto' },
			/not which of its models/, 'provider_alone'],
		[{ field: '<input id="body" type="password" value="hidden">' },
			/cannot edit/, 'not_text'],
		[{ field: '<textarea id="body" readonly>a</textarea>' },
			/cannot be changed/, 'read_only'],
		[{ field: '' }, /not on the page/, 'no_editor'],
	]) {
		const page = await open(options);

		await press(page, 'Improve text');
		await press(page, 'Improve');
		await problem(page).getByText(said).waitFor();
		const event = (await told(page)).at(-1);
		assert.equal(event.name, 'enhance-error');
		assert.equal(event.kind, kind);
		assert.equal(await page.getByRole('button', { name: 'Improve',
			exact: true }).isEnabled(), true);
	}
});

test('who asked too often is told how long to wait', async () => {
	const page = await open({ key: keys.rare });

	await ask(page);
	await press(page, 'Try again');
	await problem(page).getByText(
		/^Too many requests at once\. Try again in \d+ seconds?\.$/).waitFor();
});

test('an answer that ends early says so', async () => {
	const page = await open({ model: 'short' });

	await ask(page);
	await page.getByText(/reached its limit/).waitFor();
});

test('a page may step in: keys of a login, an editor of its own', async () => {
	const page = await open({ key: '' });

	await page.evaluate((key) => {
		const enhancer = document.querySelector('ai-text-enhancer');

		enhancer.headers = async () => ({ Authorization: `Bearer ${key}` });
		enhancer.addEventListener('accept', (event) => {
			event.preventDefault();
			window.taken = event.detail.text;
			event.target.discard();
		});
	}, keys.app);
	await page.evaluate(() =>
		document.querySelector('ai-text-enhancer').enhance('formal'));
	const text = await preview(page).innerText();
	await press(page, 'Replace');
	assert.equal(await page.evaluate(() => window.taken), text);
	assert.equal(await field(page), TEXT);
});

test('it speaks Spanish, also by the page\'s language, and changes', async () => {
	const page = await open({ language: 'es-MX', model: 'short' });

	await press(page, 'Mejorar texto');
	await page.getByText('Todo el texto · 46 caracteres').waitFor();
	await press(page, 'Más formal');
	await page.getByRole('button', { name: 'Reemplazar' }).waitFor();
	await page.getByText('llegó a su límite').waitFor();
	await press(page, 'Añadir');
	assert.match(await field(page), /mill\n\nThe river/);
	await page.evaluate(() => {
		document.documentElement.lang = 'en';
		document.querySelector('ai-text-enhancer').removeAttribute('language');
	});
	await page.getByText('Whole text').waitFor();
	assert.equal(await page.getByLabel('Translate into').inputValue(), 'es');
});

test('only the actions that a page wants', async () => {
	const page = await open({ attributes: 'actions="correct translate"' });

	await press(page, 'Improve text');
	assert.deepEqual(await page.locator('[part=actions] button')
		.allInnerTexts(), ['Correct', 'Translate']);
	assert.equal(await page.getByLabel('Your own instruction').count(), 0);
});

for (const [size, theme, language] of [['wide', 'light', 'en'],
	['phone', 'dark', 'es'], ['narrow', 'light', 'es']])
	test(`it looks right and keeps nobody out: ${size}, ${theme}`, async () => {
		const page = await open({ size, theme, language });

		await assertAccessible(page);
		await page.locator('ai-text-enhancer').evaluate((it) =>
			it.enhance('improve'));
		await page.locator('[part~=replace]').waitFor();
		await assertAccessible(page);
		await assertFits(page);
		await picture(page, `enhancer-${size}-${theme}`);
		await page.fill('#body', '');
		await page.locator('[part~=replace]').click();
		await page.locator('[part=problem]').waitFor();
		await assertAccessible(page);
		await picture(page, `enhancer-problem-${size}-${theme}`);
	});

test('the playground\'s prompt has it, with the login for a key', async () => {
	const page = await site.open('/playground', { login: true, size: 'phone',
		theme: 'dark' });

	await page.fill('#prompt', 'tell about boats');
	await press(page, 'Improve text');
	await press(page, 'Improve');
	await page.getByRole('button', { name: 'Replace' }).waitFor();
	const text = await preview(page).innerText();
	await picture(page, 'enhancer-playground');
	await assertAccessible(page);
	await press(page, 'Replace');
	assert.equal(await page.inputValue('#prompt'), text);
});
