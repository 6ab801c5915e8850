// calibrate.mjs CASSETTES [LLM_GATEWAY] - what other vendors bill for texts,
// against what o200k_base has for them
//
// CASSETTES is a folder PROVIDER/API/*.json of recorded exchanges. For each
// family of models a fit of
//
//	billed = a * texts + b * messages + c * tools + d * any_tools + e
//
// over the recordings without media and without tools of the provider's own,
// and how far it is off. The numbers of src/tokens/estimate.c are from here.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const [folder, gateway = 'build/gcc/llm-gateway'] = process.argv.slice(2);
const DIALECTS = { 'openai-chat': 'openai_chat', 'anthropic-messages':
	'anthropic', 'gemini-generate': 'gemini', 'cohere-v2-chat': 'cohere',
	'ollama-chat': 'ollama', 'openai-responses': 'openai_responses',
	'bedrock-converse': 'bedrock' };
const FAMILIES = [/claude.*(fable|mythos|opus-4-[7-9]|sonnet-5|opus-5)/,
	/claude/, /gemini/, /mi(s|x)tral|codestral|magistral|pixtral|ministral/,
	/command|cohere/, /deepseek/, /grok/, /llama/, /qwen|qwq/, /gemma/,
	/gpt-oss/, /kimi|moonshot/, /glm|zai/, /sonar/, /nova/];

function* recordings() {
	for (const provider of readdirSync(folder).filter((n) =>
		!n.includes('.')))
		for (const api of readdirSync(`${folder}/${provider}`)) {
			if (!DIALECTS[api])
				continue;
			for (const file of readdirSync(`${folder}/${provider}/${api}`)) {
				const row = read(`${folder}/${provider}/${api}/${file}`);

				if (row)
					yield { ...row, provider, file, dialect: DIALECTS[api] };
			}
		}
}

function read(path) {
	const exchange = JSON.parse(readFileSync(path));
	let body;

	try {
		body = JSON.parse(exchange.request.body);
	} catch {
		return null;
	}
	const text = exchange.response.body ?? '';
	const model = String(exchange.model ?? body.model ?? '').toLowerCase();

	if (exchange.response.status !== 200)
		return null;
	// What no rule of texts can know.
	const request = JSON.stringify(body);

	if (/"(image_url|image|inlineData|inline_data|document|file|input_audio|input_file|input_image|fileData|file_data|images)"\s*:|"type":"(image|document|input_image|input_file)"/.test(request))
		return null;
	if (/web_search|code_execution|google_search|googleSearch|codeExecution|urlContext|url_context|x_search|mcp_servers|tool_search|connectors|"documents"|computer_|text_editor|bash_|web_fetch|memory_|previous_response_id|cachedContent|"container"/.test(request))
		return null;
	return { body: exchange.request.body, model, billed: billed(text) };
}

function billed(text) {
	const objects = [];

	try {
		objects.push(JSON.parse(text));
	} catch {
		for (const line of text.split('\n')) {
			try {
				objects.push(JSON.parse(line.replace(/^data:\s*/, '')));
			} catch {
				// a line that is none
			}
		}
	}
	let most = 0;

	for (const object of [objects].flat(2)) {
		const found = usage(object);

		most = Math.max(most, found || 0);
	}
	return most;
}

function usage(o) {
	const u = o?.usage ?? o?.response?.usage ?? o?.message?.usage;
	const g = o?.usageMetadata;
	const c = o?.usage?.tokens ?? o?.delta?.usage?.tokens;

	if (g)
		return g.promptTokenCount;
	if (c)
		return c.input_tokens;
	if (o?.prompt_eval_count)
		return o.prompt_eval_count;
	if (u?.inputTokens)
		return u.inputTokens + (u.cacheReadInputTokens ?? 0) +
			(u.cacheWriteInputTokens ?? 0);
	return u && (u.prompt_tokens ?? (u.input_tokens ?? 0) +
		(u.cache_read_input_tokens ?? 0) +
		(u.cache_creation_input_tokens ?? 0));
}

function solve(rows, columns) {
	const n = columns.length;
	const a = Array.from({ length: n }, () => new Array(n + 1).fill(0));

	for (const row of rows) {
		const x = columns.map((c) => c(row));
		const weight = (row.weight ?? 1) / Math.max(row.billed, 20) ** 2;

		for (let i = 0; i < n; i++) {
			for (let j = 0; j < n; j++)
				a[i][j] += weight * x[i] * x[j];
			a[i][n] += weight * x[i] * row.left;
		}
	}
	for (let i = 0; i < n; i++)
		a[i][i] += 1e-9;
	for (let i = 0; i < n; i++) {
		let best = i;

		for (let k = i; k < n; k++)
			if (Math.abs(a[k][i]) > Math.abs(a[best][i]))
				best = k;
		[a[i], a[best]] = [a[best], a[i]];
		for (let k = 0; k < n; k++) {
			if (k === i)
				continue;
			const factor = a[k][i] / a[i][i];

			for (let j = i; j <= n; j++)
				a[k][j] -= factor * a[i][j];
		}
	}
	return a.map((row, i) => row[n] / row[i]);
}

const COLUMNS = [(r) => r.texts, (r) => r.messages, (r) => r.tools,
	(r) => +(r.tools > 0), () => 1];

// What a text has in one vocabulary it has nearly in all: `a` is tried from
// 0.9 to 1.5, and the one is taken that leaves the least.
function settle(all) {
	let best;

	for (let a = 0.9; a < 1.51; a += 0.05) {
		const fit = settleWith(all, a);
		const left = all.reduce((s, r) => s + Math.abs(told(r, fit) /
			r.billed - 1), 0);

		if (!best || left < best.left)
			best = { fit, left };
	}
	return best.fit;
}

function told(row, fit) {
	return COLUMNS.reduce((s, c, i) => s + c(row) * fit[i], 0);
}

// The least sum of relative errors, so that a few odd ones do not decide; no
// part may be below nothing.
function settleWith(all, a) {
	let columns = COLUMNS.slice(1);
	let fit, whole;

	for (const row of all) {
		row.left = row.billed - a * row.texts;
		row.weight = 1;
	}
	for (let round = 0; round < 40; round++) {
		fit = solve(all, columns);
		const worst = fit.findIndex((x) => x < 0);

		if (worst >= 0) {
			columns = columns.filter((_, i) => i !== worst);
			continue;
		}
		whole = [a, ...COLUMNS.slice(1).map((c) =>
			fit[columns.indexOf(c)] ?? 0)];
		for (const row of all)
			row.weight = 1 / Math.max(
				Math.abs(told(row, whole) / row.billed - 1), 0.01);
	}
	return whole;
}

const rows = new Map(FAMILIES.map((f) => [f, []]));

for (const row of recordings()) {
	const family = FAMILIES.find((f) => f.test(row.model));

	if (!family || !row.billed)
		continue;
	try {
		const told = JSON.parse(execFileSync(gateway, ['tokens', '--chat',
			'--json', '--dialect', row.dialect, '--model', row.model],
		{ input: row.body, stdio: ['pipe', 'pipe', 'ignore'] }));

		rows.get(family).push({ ...row, told, texts: told.text_tokens,
			messages: told.messages, tools: told.tools });
	} catch {
		// a request that is not of its dialect
	}
}
for (const [family, found] of rows) {
	// Where less is billed than was said, a part of it was not billed.
	const all = found.filter((r) => r.texts < 1.6 * r.billed &&
		r.billed < 12 * (r.texts + 10 * r.messages +
			(r.tools ? 200 : 0)));

	if (all.length < 3)
		continue;
	const fit = settle(all);
	const off = all.map((r) => told(r, fit) / r.billed - 1).map(Math.abs)
		.sort((a, b) => a - b);
	const now = all.map((r) => r.told.prompt_tokens / r.billed - 1)
		.map(Math.abs).sort((a, b) => a - b);
	const percent = (list, at) =>
		(100 * list[Math.min(list.length - 1,
			Math.floor(list.length * at))]).toFixed(0);

	console.log(`${family}: ${all.length} of ${found.length} recordings`);
	console.log(`  texts ${fit[0].toFixed(2)} message ${fit[1].toFixed(2)
	} tool ${fit[2].toFixed(1)} tools ${fit[3].toFixed(0)
	} once ${fit[4].toFixed(1)}`);
	console.log(`  fit off by ${percent(off, 0.5)} % (middle), ${
		percent(off, 0.9)} % (nine in ten), ${percent(off, 1)} % (most)`);
	console.log(`  now off by ${percent(now, 0.5)} %, ${
		percent(now, 0.9)} %, ${percent(now, 1)} %`);
	console.log(`  most billed over texts + 16 a message + 1024 for tools: ${
		Math.max(...all.map((r) => (r.billed - 16 * (r.messages + 1) -
			(r.tools ? 1024 : 0)) / Math.max(r.texts, 1))).toFixed(2)}`);
}
