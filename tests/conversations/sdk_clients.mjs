// sdk_clients.mjs - the official SDKs of four dialects, asked the same things
// in the same words.
//
//	const client = clients.anthropic;
//	const sdk = client.open(stack);
//	const request = client.request(model, { system, prompt, tools });
//	const reply = await client.ask(sdk, request);
//	const next = client.follow(request, reply, outputs);
//
// A question is { system, prompt, image, tools, schema, think }. A reply is
// { text, thoughts, calls, finish, usage, native }, calls being
// { id, name, arguments } and finish one of stop, tools, length, filter.
// follow() does what an app does: the reply as the SDK gave it, then the
// tools' outputs, one text for each call.

import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

// More than the budget of a model that thinks.
const MAX_TOKENS = 4096;
const BUDGET_TOKENS = 2048;

const openaiFinish = { stop: 'stop', tool_calls: 'tools', length: 'length',
	content_filter: 'filter' };

const openaiChat = {
	title: 'openai chat',
	open: openai,

	request(model, { system, prompt, image, tools, schema, think }) {
		return {
			model,
			messages: [
				...(system ? [{ role: 'system', content: system }] : []),
				{ role: 'user', content: image ? [
					{ type: 'text', text: prompt },
					{ type: 'image_url',
						image_url: { url: dataUrl(image) } },
				] : prompt },
			],
			...(tools && { tools: tools.map((tool) =>
				({ type: 'function', function: tool })) }),
			...(schema && { response_format: { type: 'json_schema',
				json_schema: { name: 'answer', schema,
					strict: true } } }),
			...(think && { reasoning_effort: 'low' }),
		};
	},

	async ask(sdk, request) {
		return this.read(await sdk.chat.completions.create(request));
	},

	async stream(sdk, request) {
		const stream = sdk.chat.completions.stream({ ...request,
			stream_options: { include_usage: true } });
		let thoughts = '';
		let details = [];

		// The SDK puts together what is OpenAI's own.
		stream.on('chunk', ({ choices: [choice] }) => {
			thoughts += choice?.delta.reasoning_content ?? '';
			details = details.concat(
				choice?.delta.reasoning_details ?? []);
		});
		const completion = await stream.finalChatCompletion();
		const { message } = completion.choices[0];

		if (thoughts)
			message.reasoning_content = thoughts;
		if (details.length)
			message.reasoning_details = details;
		return this.read(completion);
	},

	read({ choices: [{ message, finish_reason: finish }], usage }) {
		return {
			text: message.content ?? '',
			thoughts: message.reasoning_content ?? '',
			calls: (message.tool_calls ?? []).map((call) => ({
				id: call.id,
				name: call.function.name,
				arguments: JSON.parse(call.function.arguments),
			})),
			finish: openaiFinish[finish] ?? finish,
			usage: {
				prompt: usage.prompt_tokens,
				cached: usage.prompt_tokens_details?.cached_tokens
					?? 0,
				completion: usage.completion_tokens,
			},
			native: message,
		};
	},

	follow(request, { native, calls }, outputs) {
		return { ...request, messages: [
			...request.messages,
			native,
			...calls.map(({ id }, i) => ({ role: 'tool',
				tool_call_id: id, content: outputs[i] })),
		] };
	},

	say(request, { native }, prompt) {
		return { ...request, messages: [...request.messages, native,
			{ role: 'user', content: prompt }] };
	},
};

const openaiResponses = {
	title: 'openai responses',
	open: openai,

	request(model, { system, prompt, image, tools, schema, think }) {
		return {
			model,
			store: false,
			...(system && { instructions: system }),
			input: [{ role: 'user', content: [
				{ type: 'input_text', text: prompt },
				...(image ? [{ type: 'input_image', detail: 'auto',
					image_url: dataUrl(image) }] : []),
			] }],
			...(tools && { tools: tools.map((tool) =>
				({ type: 'function', strict: false, ...tool })) }),
			...(schema && { text: { format: { type: 'json_schema',
				name: 'answer', schema, strict: true } } }),
			...(think && {
				reasoning: { effort: 'low', summary: 'auto' },
				include: ['reasoning.encrypted_content'],
			}),
		};
	},

	async ask(sdk, request) {
		return this.read(await sdk.responses.create(request));
	},

	async stream(sdk, request) {
		const stream = await sdk.responses.create(
			{ ...request, stream: true });
		let last;

		// The SDK's own helper knows no incomplete response.
		for await (const event of stream)
			last = event.response ?? last;
		return this.read(last);
	},

	read({ output, usage, status, incomplete_details: why }) {
		const calls = output.filter((i) => i.type === 'function_call');

		return {
			text: output.filter((item) => item.type === 'message')
				.flatMap((item) => item.content)
				.map((part) => part.text ?? '').join(''),
			thoughts: output.filter((item) => item.type === 'reasoning')
				.flatMap((item) => item.summary)
				.map((part) => part.text).join(''),
			calls: calls.map((call) => ({
				id: call.call_id,
				name: call.name,
				arguments: JSON.parse(call.arguments),
			})),
			finish: status === 'incomplete'
				? { max_output_tokens: 'length',
					content_filter: 'filter' }[why.reason]
				: calls.length ? 'tools' : 'stop',
			usage: {
				prompt: usage.input_tokens,
				cached: usage.input_tokens_details.cached_tokens,
				completion: usage.output_tokens,
			},
			native: output,
		};
	},

	follow(request, { native, calls }, outputs) {
		return { ...request, input: [
			...request.input,
			...native,
			...calls.map(({ id }, i) => ({
				type: 'function_call_output',
				call_id: id, output: outputs[i],
			})),
		] };
	},

	say(request, { native }, prompt) {
		return { ...request, input: [
			...request.input, ...native,
			{ role: 'user', content: prompt }] };
	},
};

const anthropic = {
	title: 'anthropic',

	open: (stack, options = {}) => new Anthropic({
		apiKey: stack.key, baseURL: stack.url, maxRetries: 0,
		timeout: 30000, ...options,
	}),

	request(model, { system, prompt, image, tools, schema, think }) {
		return {
			model,
			max_tokens: MAX_TOKENS,
			...(system && { system }),
			messages: [{ role: 'user', content: image ? [
				{ type: 'image', source: { type: 'base64',
					media_type: image.type, data: image.data } },
				{ type: 'text', text: prompt },
			] : prompt }],
			...(tools && { tools: tools.map(({ parameters, ...tool }) =>
				({ ...tool, input_schema: parameters })) }),
			...(schema && { output_config: { format: {
				type: 'json_schema', schema } } }),
			...(think && { thinking: { type: 'enabled',
				budget_tokens: BUDGET_TOKENS } }),
		};
	},

	async ask(sdk, request) {
		return this.read(await sdk.messages.create(request));
	},

	async stream(sdk, request) {
		return this.read(
			await sdk.messages.stream(request).finalMessage());
	},

	read({ content, stop_reason: finish, usage }) {
		const all = (type, member) => content
			.filter((block) => block.type === type)
			.map((block) => block[member]).join('');
		const cached = usage.cache_read_input_tokens ?? 0;

		return {
			text: all('text', 'text'),
			thoughts: all('thinking', 'thinking'),
			calls: content.filter((block) => block.type === 'tool_use')
				.map(({ id, name, input }) =>
					({ id, name, arguments: input })),
			finish: { end_turn: 'stop', tool_use: 'tools',
				max_tokens: 'length', refusal: 'filter' }[finish]
				?? finish,
			usage: {
				prompt: usage.input_tokens + cached
					+ (usage.cache_creation_input_tokens ?? 0),
				cached,
				completion: usage.output_tokens,
			},
			native: content,
		};
	},

	follow(request, { native, calls }, outputs) {
		return { ...request, messages: [
			...request.messages,
			{ role: 'assistant', content: native },
			{ role: 'user', content: calls.map(({ id }, i) => ({
				type: 'tool_result', tool_use_id: id,
				content: outputs[i] })) },
		] };
	},

	say(request, { native }, prompt) {
		return { ...request, messages: [
			...request.messages,
			{ role: 'assistant', content: native },
			{ role: 'user', content: prompt }] };
	},
};

const gemini = {
	title: 'gemini',

	open: (stack, { apiKey = stack.key, timeout = 30000 } = {}) =>
		new GoogleGenAI({ apiKey,
			httpOptions: { baseUrl: stack.url, timeout } }),

	request(model, { system, prompt, image, tools, schema, think }) {
		return {
			model,
			contents: [{ role: 'user', parts: [
				{ text: prompt },
				...(image ? [{ inlineData: {
					mimeType: image.type, data: image.data } }] : []),
			] }],
			config: {
				...(system && { systemInstruction: system }),
				...(tools && { tools: [{ functionDeclarations:
					tools.map(({ parameters, ...tool }) => ({ ...tool,
						parametersJsonSchema: parameters })) }] }),
				...(schema && { responseMimeType: 'application/json',
					responseJsonSchema: schema }),
				...(think && { thinkingConfig: {
					includeThoughts: true,
					thinkingBudget: BUDGET_TOKENS } }),
			},
		};
	},

	async ask(sdk, request) {
		return this.read([await sdk.models.generateContent(request)]);
	},

	async stream(sdk, request) {
		const chunks = [];

		for await (const chunk of
			await sdk.models.generateContentStream(request))
			chunks.push(chunk);
		return this.read(chunks);
	},

	// An answer, or all pieces of one.
	read(chunks) {
		const candidates = chunks.flatMap((c) => c.candidates ?? []);
		const parts = candidates.flatMap((c) => c.content?.parts ?? []);
		const usage = chunks.map((c) => c.usageMetadata)
			.filter(Boolean).at(-1);
		const calls = parts.filter((part) => part.functionCall);
		const finish = candidates.map((c) => c.finishReason)
			.filter(Boolean).at(-1);

		return {
			text: parts.filter((part) => part.text && !part.thought)
				.map((part) => part.text).join(''),
			thoughts: parts.filter((part) => part.text && part.thought)
				.map((part) => part.text).join(''),
			calls: calls.map(({ functionCall: call }) => ({
				id: call.id, name: call.name, arguments: call.args })),
			// It has no word of its own for calls.
			finish: finish === 'STOP' && calls.length ? 'tools'
				: { STOP: 'stop', MAX_TOKENS: 'length',
					SAFETY: 'filter' }[finish] ?? finish,
			usage: {
				prompt: usage.promptTokenCount,
				cached: usage.cachedContentTokenCount ?? 0,
				completion: usage.candidatesTokenCount
					+ (usage.thoughtsTokenCount ?? 0),
			},
			native: { role: 'model', parts },
		};
	},

	follow(request, { native, calls }, outputs) {
		return { ...request, contents: [
			...request.contents,
			native,
			{ role: 'user', parts: calls.map(({ id, name }, i) => ({
				functionResponse: { ...(id && { id }), name,
					response: { output: outputs[i] } } })) },
		] };
	},

	say(request, { native }, prompt) {
		return { ...request, contents: [
			...request.contents, native,
			{ role: 'user', parts: [{ text: prompt }] }] };
	},
};

export const clients = {
	openai_chat: openaiChat,
	openai_responses: openaiResponses,
	anthropic,
	gemini,
};

function openai(stack, options) {
	return new OpenAI({
		apiKey: stack.key, baseURL: `${stack.url}/v1`, maxRetries: 0,
		timeout: 30000, ...options,
	});
}

function dataUrl({ type, data }) {
	return `data:${type};base64,${data}`;
}
