// playground.js - asks one or two models side by side and shows their answers
// as they come. Calls are those of any app, with the token of this login.

const form = document.querySelector('#playground');
const answers = document.querySelector('#answers');
const blank = document.querySelector('#answer');
const enhancer = form.querySelector('ai-text-enhancer');
let running = null;

// A token lasts some minutes: each run gets its own.
async function login(signal) {
	const answer = await fetch('/api/v1/auth/refresh', {
		method: 'POST',
		headers: {
			Accept: 'application/json',
			'X-CSRF-Token': form.dataset.csrf,
		},
		signal,
	});

	if (!answer.ok)
		throw new Error(await problemOf(answer));
	return (await answer.json()).token;
}

const callHeaders = (token) => ({
	Authorization: `Bearer ${token}`,
	'X-Gateway-Project': form.elements.project.value,
});

async function problemOf(answer) {
	try {
		return (await answer.json()).error.message;
	} catch {
		return `HTTP ${answer.status}`;
	}
}

function requestOf(model) {
	const { system, prompt, temperature, max_tokens: longest } = form.elements;
	const messages = [{ role: 'user', content: prompt.value }];

	if (system.value.trim())
		messages.unshift({ role: 'system', content: system.value });
	return {
		model,
		messages,
		stream: true,
		stream_options: { include_usage: true },
		user: `dashboard-${form.dataset.user}`,
		...(temperature.value && { temperature: Number(temperature.value) }),
		...(longest.value && { max_tokens: Number(longest.value) }),
	};
}

// The data of a stream of server-sent events, one after the other.
async function* eventsOf(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = '';

	for (;;) {
		const { value, done } = await reader.read();

		if (done)
			return;
		rest += value;
		const lines = rest.split('\n');
		rest = lines.pop();
		for (const line of lines)
			if (line.startsWith('data:') && line.trim() !== 'data: [DONE]')
				yield JSON.parse(line.slice(5));
	}
}

function cardFor(model) {
	const card = blank.content.cloneNode(true).firstElementChild;

	card.querySelector('[data-model]').textContent = model;
	answers.append(card);
	return (name) => card.querySelector(`[data-${name}]`);
}

const seconds = (ms) => ms < 1000 ? `${Math.round(ms)} ms`
	: `${(ms / 1000).toFixed(2)} s`;

function showHead(part, headers) {
	const id = headers.get('x-request-id');
	const model = headers.get('x-gateway-model');
	const link = document.createElement('a');

	if (model)
		part('model').textContent +=
			` → ${headers.get('x-gateway-provider')}/${model}`;
	if (!id)
		return;
	link.href = `/requests/${encodeURIComponent(id)}`;
	link.textContent = id.slice(0, 12);
	part('log').replaceChildren(link);
}

function showEvent(part, event, began) {
	const text = event.choices?.[0]?.delta?.content;
	const { usage, metadata } = event;

	if (event.error)
		throw new Error(event.error.message);
	if (text) {
		if (part('first').textContent === '–')
			part('first').textContent = seconds(performance.now() - began);
		part('text').append(text);
	}
	if (usage)
		part('tokens').textContent =
			`${usage.prompt_tokens} / ${usage.completion_tokens}`;
	if (metadata?.cost_usd !== undefined && metadata.cost_usd !== null)
		part('cost').textContent = `$${metadata.cost_usd}`;
}

async function ask(model, token, signal) {
	const part = cardFor(model);
	const began = performance.now();

	try {
		const answer = await fetch('/v1/chat/completions', {
			method: 'POST',
			headers: {
				'Content-Type': 'application/json',
				...callHeaders(token),
			},
			body: JSON.stringify(requestOf(model)),
			signal,
		});

		showHead(part, answer.headers);
		if (!answer.ok)
			throw new Error(await problemOf(answer));
		for await (const event of eventsOf(answer.body))
			showEvent(part, event, began);
	} catch (error) {
		part('problem').hidden = false;
		part('problem').textContent = signal.aborted ? form.dataset.stopped
			: error instanceof TypeError ? form.dataset.lost : error.message;
	}
	part('total').textContent = seconds(performance.now() - began);
}

async function run() {
	const { model, second } = form.elements;
	const names = [model.value, second.value].map((name) => name.trim())
		.filter(Boolean);

	running = new AbortController();
	const { signal } = running;
	form.elements.run.disabled = true;
	form.elements.stop.hidden = false;
	answers.replaceChildren();
	try {
		const token = await login(signal);

		await Promise.all(names.map((name) => ask(name, token, signal)));
	} catch (error) {
		const part = cardFor(names[0]);

		part('problem').hidden = false;
		part('problem').textContent = error.message;
	}
	form.elements.run.disabled = false;
	form.elements.stop.hidden = true;
	running = null;
}

form.addEventListener('submit', (event) => {
	event.preventDefault();
	if (!running)
		run();
});
form.elements.stop.addEventListener('click', () => running?.abort());
enhancer.headers = async (signal) => callHeaders(await login(signal));
form.elements.prompt.addEventListener('keydown', (event) => {
	if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
		form.requestSubmit();
});
form.elements.run.disabled = false;
