// losses_contents.mjs - what a client can say in its tools and messages: rows
// of losses_features.mjs.

import { PIXEL, PIXEL_URL, asTool, callTurn, messageOf, said, thinkTurn, userPart }
	from './losses_words.mjs';

const URL = 'https://files-7.example/a.png';
const PDF = Buffer.from('%PDF-1.4 seven').toString('base64');
const PDF_URL = 'https://files-7.example/a.pdf';

const CITED = { url: 'https://cited-7.example', title: 'C', start_index: 0,
	end_index: 4 };
const SOURCE = { type: 'document', id: 'cited-7', document: { id: 'cited-7' } };

// All with a tool, and so is what they are compared to.
const toolChoices = {
	openai_chat: (choice) => ({ tool_choice: choice }),
	openai_responses: (choice) => ({ tool_choice: choice }),
	anthropic: (choice) => ({ tool_choice: choice }),
	gemini: (choice) => ({ toolConfig: { functionCallingConfig: choice } }),
	cohere: (choice) => ({ tool_choice: choice }),
};

function choice(title, trace, words) {
	return { title, trace, clients: Object.fromEntries(
		Object.entries(words).map(([client, word]) => [client, {
			path: client === 'gemini' ? 'toolConfig' : 'tool_choice',
			body: { tools: asTool[client](),
				...toolChoices[client](word) },
			control: { tools: asTool[client]() },
		}])) };
}

const tools = [
	{
		title: 'tools', trace: /paint_7/,
		clients: Object.fromEntries(Object.entries(asTool)
			.map(([client, tool]) => [client,
				{ path: 'tools', body: { tools: tool() } }])),
	},
	choice('a tool must be called',
		/"required"|"REQUIRED"|"any"|"ANY"/, {
			openai_chat: 'required', openai_responses: 'required',
			anthropic: { type: 'any' }, gemini: { mode: 'ANY' },
			cohere: 'REQUIRED' }),
	// Where there is no word for it, no tool is offered.
	choice('no tool may be called', (text) =>
		/"none"|"NONE"/.test(text) || !text.includes('paint_7'), {
		openai_chat: 'none', openai_responses: 'none',
		anthropic: { type: 'none' }, gemini: { mode: 'NONE' },
		cohere: 'NONE' }),
	// By name, or because it is required and the only one.
	choice('this tool must be called',
		/"required"|"REQUIRED"|"any"|"ANY"|"tool_?[cC]hoice":\{/, {
			openai_chat: { type: 'function',
				function: { name: 'paint_7' } },
			openai_responses: { type: 'function', name: 'paint_7' },
			anthropic: { type: 'tool', name: 'paint_7' },
			gemini: { mode: 'ANY',
				allowedFunctionNames: ['paint_7'] } }),
	{
		title: 'one call at a time', trace: /parallel/,
		clients: {
			openai_chat: { path: 'parallel_tool_calls', body: {
				tools: asTool.openai_chat(),
				parallel_tool_calls: false } },
			openai_responses: { path: 'parallel_tool_calls', body: {
				tools: asTool.openai_responses(),
				parallel_tool_calls: false } },
			anthropic: { path: 'tool_choice.disable_parallel_tool_use',
				body: { tools: asTool.anthropic(), tool_choice: {
					type: 'auto',
					disable_parallel_tool_use: true } } },
		},
	},
	{
		title: 'strict tools', trace: /"strict(_tools)?":true/,
		clients: {
			openai_chat: { path: 'tools[0].strict', body: {
				tools: asTool.openai_chat({ strict: true }) } },
			openai_responses: { path: 'tools[0].strict', body: {
				tools: asTool.openai_responses({ strict: true }) } },
			anthropic: { path: 'tools[0].strict', body: {
				tools: asTool.anthropic({ strict: true }) } },
			cohere: { path: 'tools[0].strict', body: {
				tools: asTool.cohere(), strict_tools: true } },
		},
	},
	{
		title: 'tools that take a text', trace: /scribble_7/,
		clients: {
			openai_chat: { path: 'tools[0]', body: { tools: [
				{ type: 'custom', custom: { name: 'scribble_7' } }] } },
			openai_responses: { path: 'tools[0]', body: { tools: [
				{ type: 'custom', name: 'scribble_7' }] } },
		},
	},
	{
		title: 'the provider\'s own tools', trace: /search/i,
		clients: {
			openai_responses: { path: 'tools[0]',
				body: { tools: [{ type: 'web_search' }] } },
			anthropic: { path: 'tools[0]', body: { tools: [
				{ type: 'web_search_20250305',
					name: 'web_search' }] } },
			gemini: { path: 'tools[0]',
				body: { tools: [{ googleSearch: {} }] } },
		},
	},
];

const history = [
	{
		title: 'a tool\'s result', trace: /result-7/,
		clients: Object.fromEntries(Object.entries(callTurn)
			.map(([client, turn]) => [client,
				{ path: '', body: turn('result-7') }])),
	},
	{
		title: 'a tool\'s failure',
		trace: /"is_error":true|"status":"error"|"error":/,
		clients: {
			anthropic: { path: 'messages[2].is_error',
				body: callTurn.anthropic('result-7',
					{ is_error: true }),
				control: callTurn.anthropic('result-7') },
			gemini: { path: 'contents[2].functionResponse.response.error',
				body: callTurn.gemini('result-7',
					{ response: { error: 'result-7' } }),
				control: callTurn.gemini('result-7') },
		},
	},
	{
		title: 'a tool\'s image', trace: PIXEL,
		clients: {
			openai_responses: { path: 'input[2]',
				body: callTurn.openai_responses([{
					type: 'input_image', detail: 'auto',
					image_url: PIXEL_URL }]),
				control: callTurn.openai_responses('result-7') },
			anthropic: { path: 'messages[2]',
				body: callTurn.anthropic([{ type: 'image', source: {
					type: 'base64', media_type: 'image/png',
					data: PIXEL } }]),
				control: callTurn.anthropic('result-7') },
			gemini: { path: 'contents[2]',
				body: callTurn.gemini('result-7', { parts: [{
					inlineData: { mimeType: 'image/png',
						data: PIXEL } }] }),
				control: callTurn.gemini('result-7') },
		},
	},
	{
		title: 'what was thought', trace: /thought-7/,
		clients: Object.fromEntries(Object.entries({
			openai_chat: 'messages[1].reasoning_content',
			openai_responses: 'input[1].summary',
			anthropic: 'messages[1].thinking',
			gemini: 'contents[1].thought',
			cohere: 'messages[1].thinking',
			ollama: 'messages[1].thinking',
		}).map(([client, path]) => [client,
			{ path, body: thinkTurn[client]('thought-7') }])),
	},
	{
		title: 'what was thought in secret', trace: /b3BhcXVlLTc=/,
		clients: {
			openai_responses: { path: 'input[1].encrypted_content',
				body: thinkTurn.openai_responses(undefined,
					'b3BhcXVlLTc=') },
			anthropic: { path: 'messages[1].redacted_thinking',
				body: said('anthropic', [
					{ type: 'redacted_thinking',
						data: 'b3BhcXVlLTc=' },
					{ type: 'text', text: 'Well' }]) },
		},
	},
	{
		title: 'a refusal', trace: /refusal-7/,
		clients: {
			openai_chat: { path: 'messages[1].refusal',
				body: { messages: [
					{ role: 'user', content: 'Hello' },
					{ role: 'assistant', refusal: 'refusal-7' },
					{ role: 'user', content: 'Why?' }] } },
			openai_responses: { path: 'input[1].refusal',
				body: said('openai_responses', [
					{ type: 'refusal', refusal: 'refusal-7' }]) },
		},
	},
	{
		title: 'citations', trace: /cited-7/,
		clients: {
			openai_chat: { path: 'messages[1].annotations',
				body: { messages: [
					{ role: 'user', content: 'Hello' },
					{ role: 'assistant', content: 'Well',
						annotations: [{ type: 'url_citation',
							url_citation: CITED }] },
					{ role: 'user', content: 'Why?' }] } },
			openai_responses: { path: 'input[1].annotations',
				body: said('openai_responses', [
					{ type: 'output_text', text: 'Well',
						annotations: [{ type: 'url_citation',
							...CITED }] }]) },
			anthropic: { path: 'messages[1].citations',
				body: said('anthropic', [{ type: 'text',
					text: 'Well', citations: [{
						type: 'web_search_result_location',
						url: CITED.url, title: CITED.title, cited_text: 'Well',
						encrypted_index: 'eA==' }] }]) },
			cohere: { path: 'messages[1].citations',
				body: { messages: [
					{ role: 'user', content: 'Hello' },
					{ role: 'assistant', content: 'Well',
						citations: [{ start: 0, end: 4, text: 'Well',
							sources: [SOURCE] }] },
					{ role: 'user', content: 'Why?' }] } },
		},
	},
	{
		title: 'who speaks', trace: /ada-7/,
		clients: { openai_chat: { path: 'messages[0].name',
			body: { messages: [{ role: 'user', name: 'ada-7',
				content: 'Hello' }] } } },
	},
	{
		title: 'a system prompt in between', trace: /between-7/,
		clients: {
			openai_chat: { path: '', body: { messages: [
				{ role: 'user', content: 'Hello' },
				{ role: 'assistant', content: 'Hi' },
				{ role: 'system', content: 'between-7' },
				{ role: 'user', content: 'Well?' }] } },
			openai_responses: { path: '', body: { input: [
				{ role: 'user', content: 'Hello' },
				{ role: 'assistant', content: 'Hi' },
				{ role: 'system', content: 'between-7' },
				{ role: 'user', content: 'Well?' }] } },
		},
	},
];

// Remarks on a part of a message.
const marks = [
	{
		title: 'cache this', trace: /cache_?control|cachePoint/i,
		clients: {
			openai_chat: { path: 'messages[0].cache_control',
				body: userPart.openai_chat({ type: 'text', text: 'a',
					cache_control: { type: 'ephemeral' } }) },
			anthropic: { path: 'messages[0].cache_control',
				body: userPart.anthropic({ type: 'text', text: 'a',
					cache_control: { type: 'ephemeral' } }) },
		},
	},
	{
		title: 'how closely to look', trace: /"detail":"high"/,
		clients: {
			openai_chat: { path: 'messages[0].detail',
				body: userPart.openai_chat({ type: 'image_url',
					image_url: { detail: 'high',
						url: PIXEL_URL } }) },
			openai_responses: { path: 'input[0].detail',
				body: userPart.openai_responses({
					type: 'input_image', detail: 'high',
					image_url: PIXEL_URL }) },
			cohere: { path: 'messages[0].detail',
				body: userPart.cohere({ type: 'image_url',
					image_url: { detail: 'high',
						url: PIXEL_URL } }) },
		},
	},
];

const parts = [
	['an image', PIXEL, {
		openai_chat: { type: 'image_url',
			image_url: { url: PIXEL_URL } },
		openai_responses: { type: 'input_image', detail: 'auto',
			image_url: PIXEL_URL },
		anthropic: { type: 'image', source: { type: 'base64',
			media_type: 'image/png', data: PIXEL } },
		gemini: { inlineData: { mimeType: 'image/png', data: PIXEL } },
		cohere: { type: 'image_url',
			image_url: { url: PIXEL_URL } },
		ollama: PIXEL,
	}],
	['an image by its URL', URL, {
		openai_chat: { type: 'image_url', image_url: { url: URL } },
		openai_responses: { type: 'input_image', detail: 'auto',
			image_url: URL },
		anthropic: { type: 'image', source: { type: 'url', url: URL } },
		gemini: { fileData: { mimeType: 'image/png', fileUri: URL } },
		cohere: { type: 'image_url', image_url: { url: URL } },
	}],
	['audio', 'UklGRjc3Nzc=', {
		openai_chat: { type: 'input_audio', input_audio: {
			data: 'UklGRjc3Nzc=', format: 'wav' } },
		gemini: { inlineData: { mimeType: 'audio/wav',
			data: 'UklGRjc3Nzc=' } },
	}],
	['a video by its URL', 'https://files-7.example/a.mp4', {
		openai_chat: { type: 'video_url',
			video_url: { url: 'https://files-7.example/a.mp4' } },
		gemini: { fileData: { mimeType: 'video/mp4',
			fileUri: 'https://files-7.example/a.mp4' } },
	}],
	['a file', PDF, {
		openai_chat: { type: 'file', file: { filename: 'a.pdf',
			file_data: `data:application/pdf;base64,${PDF}` } },
		openai_responses: { type: 'input_file', filename: 'a.pdf',
			file_data: `data:application/pdf;base64,${PDF}` },
		anthropic: { type: 'document', source: { type: 'base64',
			media_type: 'application/pdf', data: PDF } },
		gemini: { inlineData: { mimeType: 'application/pdf',
			data: PDF } },
	}],
	['a file by its URL', PDF_URL, {
		openai_responses: { type: 'input_file', file_url: PDF_URL },
		anthropic: { type: 'document',
			source: { type: 'url', url: PDF_URL } },
		gemini: { fileData: { mimeType: 'application/pdf',
			fileUri: PDF_URL } },
	}],
	['a file by its id', 'file-7', {
		openai_chat: { type: 'file', file: { file_id: 'file-7' } },
		openai_responses: { type: 'input_file', file_id: 'file-7' },
		anthropic: { type: 'document',
			source: { type: 'file', file_id: 'file-7' } },
	}],
].map(([title, trace, words]) => ({ title, trace,
	clients: Object.fromEntries(Object.entries(words).map(([client, part]) =>
		[client, { path: messageOf[client], body: userPart[client](part) }])),
}));

export const contents = [...tools, ...history, ...marks, ...parts];
