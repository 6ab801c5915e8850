// losses_words.mjs - one thing said in each dialect that clients speak: the
// members that ask for it.

export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4'
	+ '2mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export const PIXEL_URL = `data:image/png;base64,${PIXEL}`;

const HELLO = 'Hello';
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };
const ID = 'call_7';

// Where a client sends a chat, and the least it can say.
export const clients = {
	openai_chat: { path: '/v1/chat/completions',
		body: { messages: [{ role: 'user', content: HELLO }] } },
	openai_responses: { path: '/v1/responses',
		body: { input: [{ role: 'user', content: HELLO }] } },
	anthropic: { path: '/v1/messages', body: { max_tokens: 100,
		messages: [{ role: 'user', content: HELLO }] } },
	gemini: { path: '/v1beta/models/{model}:generateContent',
		body: { contents: [{ role: 'user', parts: [{ text: HELLO }] }] } },
	cohere: { path: '/v2/chat',
		body: { messages: [{ role: 'user', content: HELLO }] } },
	ollama: { path: '/api/chat', body: { stream: false,
		messages: [{ role: 'user', content: HELLO }] } },
};

// Members that say what is so anyhow, as some SDKs do.
export const defaults = {
	openai_chat: { n: 1, store: false, frequency_penalty: 0,
		presence_penalty: 0, logprobs: false, service_tier: 'auto',
		response_format: { type: 'text' }, modalities: ['text'],
		logit_bias: {}, metadata: {}, stop: null, user: null,
		verbosity: 'medium',
		messages: [{ role: 'user', content: [{ type: 'image_url',
			image_url: { detail: 'auto', url: PIXEL_URL } }] }] },
	openai_responses: { store: false, truncation: 'disabled',
		background: false, service_tier: 'auto', tool_choice: 'auto',
		parallel_tool_calls: true, include: [], metadata: {},
		previous_response_id: null, top_logprobs: 0,
		text: { format: { type: 'text' }, verbosity: 'medium' },
		input: [{ role: 'user', content: [{ type: 'input_image',
			detail: 'auto', image_url: PIXEL_URL }] }] },
	anthropic: { thinking: { type: 'disabled' }, service_tier: 'auto',
		metadata: {}, stop_sequences: [], tools: [] },
	gemini: { safetySettings: [], tools: [], generationConfig: {
		candidateCount: 1, responseModalities: ['TEXT'],
		responseMimeType: 'text/plain', frequencyPenalty: 0,
		presencePenalty: 0, stopSequences: [] } },
	cohere: { frequency_penalty: 0, presence_penalty: 0, logprobs: false,
		k: 0, documents: [], tools: [], stop_sequences: [],
		response_format: { type: 'text' }, strict_tools: false },
	ollama: { logprobs: false, tools: [], options: {
		presence_penalty: 0, frequency_penalty: 0 } },
};

// The path of the user's message.
export const messageOf = {
	openai_chat: 'messages[0]', openai_responses: 'input[0]',
	anthropic: 'messages[0]', gemini: 'contents[0]', cohere: 'messages[0]',
	ollama: 'messages[0]',
};

// The tool paint_7, and what else is said of it.
export const asTool = {
	openai_chat: (more) => [{ type: 'function', function: {
		name: 'paint_7', parameters: PARAMETERS, ...more } }],
	openai_responses: (more) => [{ type: 'function', name: 'paint_7',
		parameters: PARAMETERS, strict: false, ...more }],
	anthropic: (more) => [{ name: 'paint_7', input_schema: PARAMETERS, ...more }],
	gemini: () => [{ functionDeclarations: [{ name: 'paint_7',
		parametersJsonSchema: PARAMETERS }] }],
	cohere: () => [{ type: 'function', function: {
		name: 'paint_7', parameters: PARAMETERS } }],
	ollama: () => [{ type: 'function', function: {
		name: 'paint_7', parameters: PARAMETERS } }],
};

const openaiCall = [{ id: ID, type: 'function',
	function: { name: 'paint_7', arguments: '{"city":"Oslo"}' } }];

// A call of that tool, and what came of it.
export const callTurn = {
	openai_chat: (content) => ({ tools: asTool.openai_chat(), messages: [
		{ role: 'user', content: HELLO },
		{ role: 'assistant', tool_calls: openaiCall },
		{ role: 'tool', tool_call_id: ID, content }] }),
	openai_responses: (output) => ({ tools: asTool.openai_responses(), input: [
		{ role: 'user', content: HELLO },
		{ type: 'function_call', call_id: ID, name: 'paint_7',
			arguments: '{"city":"Oslo"}' },
		{ type: 'function_call_output', call_id: ID, output }] }),
	anthropic: (content, more) => ({ tools: asTool.anthropic(), messages: [
		{ role: 'user', content: HELLO },
		{ role: 'assistant', content: [{ type: 'tool_use', id: ID,
			name: 'paint_7', input: { city: 'Oslo' } }] },
		{ role: 'user', content: [{ type: 'tool_result', tool_use_id: ID,
			content, ...more }] }] }),
	gemini: (output, more) => ({ tools: asTool.gemini(), contents: [
		{ role: 'user', parts: [{ text: HELLO }] },
		{ role: 'model', parts: [{ functionCall: {
			name: 'paint_7', args: { city: 'Oslo' } } }] },
		{ role: 'user', parts: [{ functionResponse: { name: 'paint_7',
			response: { output }, ...more } }] }] }),
	cohere: (content) => ({ tools: asTool.cohere(), messages: [
		{ role: 'user', content: HELLO },
		{ role: 'assistant', tool_calls: openaiCall },
		{ role: 'tool', tool_call_id: ID, content }] }),
	ollama: (content) => ({ tools: asTool.ollama(), messages: [
		{ role: 'user', content: HELLO },
		{ role: 'assistant', content: '', tool_calls: [{ function: {
			name: 'paint_7', arguments: { city: 'Oslo' } } }] },
		{ role: 'tool', tool_name: 'paint_7', content }] }),
};

const turns = (answer) => [{ role: 'user', content: HELLO }, answer,
	{ role: 'user', content: 'And now?' }];

// An answer of an earlier turn, given as its parts.
export function said(client, content) {
	return client === 'openai_responses'
		? { input: turns({ type: 'message', role: 'assistant',
			id: 'msg_7', status: 'completed', content }) }
		: { messages: turns({ role: 'assistant', content }) };
}

// The same, with what was thought before it.
export const thinkTurn = {
	openai_chat: (thought) => ({ messages: turns({ role: 'assistant',
		reasoning_content: thought, content: 'Well' }) }),
	openai_responses: (thought, secret) => ({ input: [
		{ role: 'user', content: HELLO },
		{ type: 'reasoning', id: 'rs_7', summary: thought
			? [{ type: 'summary_text', text: thought }] : [],
		...(secret && { encrypted_content: secret }) },
		{ role: 'assistant', content: 'Well' },
		{ role: 'user', content: 'And now?' }] }),
	anthropic: (thinking) => ({ messages: turns({ role: 'assistant',
		content: [{ type: 'thinking', thinking, signature: 'c2lnbmVkNw==' },
			{ type: 'text', text: 'Well' }] }) }),
	gemini: (text) => ({ contents: [
		{ role: 'user', parts: [{ text: HELLO }] },
		{ role: 'model', parts: [{ text, thought: true }, { text: 'Well' }] },
		{ role: 'user', parts: [{ text: 'And now?' }] }] }),
	cohere: (thinking) => ({ messages: turns({ role: 'assistant',
		content: [{ type: 'thinking', thinking },
			{ type: 'text', text: 'Well' }] }) }),
	ollama: (thinking) => ({ messages: turns({ role: 'assistant',
		thinking, content: 'Well' }) }),
};

// The user says hello with one part more.
export const userPart = {
	openai_chat: (part) => ({ messages: [{ role: 'user', content: [
		{ type: 'text', text: HELLO }, part] }] }),
	openai_responses: (part) => ({ input: [{ role: 'user', content: [
		{ type: 'input_text', text: HELLO }, part] }] }),
	anthropic: (part) => ({ messages: [{ role: 'user', content: [
		{ type: 'text', text: HELLO }, part] }] }),
	gemini: (part) => ({ contents: [{ role: 'user', parts: [
		{ text: HELLO }, part] }] }),
	cohere: (part) => ({ messages: [{ role: 'user', content: [
		{ type: 'text', text: HELLO }, part] }] }),
	ollama: (image) => ({ messages: [{ role: 'user', content: HELLO,
		images: [image] }] }),
};
