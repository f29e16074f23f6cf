// A real Chromium, and node with the EventSource of npm, for Jobtail::Browser:
// one JSON object a line comes in by descriptor 0 and one goes out for it.
//
//     node browser.cjs PATH-OF-CHROMIUM
//
// do: open (url, file, answers, width, dark) gives a page's number; run (page,
// code) the value of an expression in it, or in node for page 0; asked (page)
// its requests; said (page) what its console has; close (page).
'use strict';

const fs = require('fs');
const http = require('http');
const net = require('net');
const readline = require('readline');
const vm = require('vm');
const {chromium} = require('playwright-core');

globalThis.EventSource = require('eventsource').EventSource;

const pages = new Map();
let browser, pageCount = 0;

function note(page)
{
	const entry = {page, asked: [], said: []};

	page.on('request', (request) => {
		entry.asked.push(request);
	});
	page.on('console', (line) => entry.said.push(line.text()));
	page.on('pageerror', (error) => entry.said.push(String(error)));
	return entry;
}

// As it went out, with what the browser itself has added.
async function describe(request)
{
	return {url: request.url(), method: request.method(),
		type: request.resourceType(),
		headers: await request.allHeaders()};
}

// A place and a language far from any default.
const abroad = {locale: 'en-GB', timezoneId: 'Asia/Kolkata'};

// Serves one file, whatever the path, and to requests of the API one answer
// after the other: [{status, headers, body}, ...]; then it hangs up.
function serve(file, answers)
{
	const server = http.createServer((request, reply) => {
		const answer = !request.url.includes('/v1/')
		    ? {status: 200, headers: {'Content-Type': 'text/html'},
			body: fs.readFileSync(file)}
		    : answers.shift();

		if (!answer)
			return reply.destroy();
		reply.writeHead(answer.status, answer.headers);
		reply.end(answer.body);
	});

	return new Promise((ready) => server.listen(0, '127.0.0.1',
	    () => ready(`http://127.0.0.1:${server.address().port}`)));
}

// Without file, the whole url is somebody else's.
async function open({url, file, answers, width, dark})
{
	const page = await browser.newPage({
		...abroad, colorScheme: dark ? 'dark' : 'light',
		viewport: {width: width ?? 1000, height: 800},
	});
	const host = file ? await serve(file, answers) : '';

	pages.set(++pageCount, note(page));
	await page.goto(host + url);
	return pageCount;
}

const commands = {
	open,
	run: ({page, code}) => page
	    ? pages.get(page).page.evaluate(code)
	    : vm.runInThisContext(code),
	asked: ({page}) => Promise.all(pages.get(page).asked.map(describe)),
	said: ({page}) => pages.get(page).said,
	close: ({page}) => pages.get(page).page.close(),
};

async function main(path)
{
	const line = new net.Socket({fd: 0});

	// as root it would refuse; the test brings its own pages alone
	browser = await chromium.launch({executablePath: path,
		args: ['--no-sandbox']});
	for await (const text of readline.createInterface({input: line})) {
		let answer;

		try {
			const command = JSON.parse(text);

			answer = {value: await commands[command.do](command)};
		} catch (error) {
			answer = {error: String(error)};
		}
		line.write(JSON.stringify(answer) + '\n');
	}
	await browser.close();
	process.exit(0);
}

main(process.argv[2]);
