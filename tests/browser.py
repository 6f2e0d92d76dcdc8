#!/usr/bin/env python3
"""Opens a page in headless Chromium, and says what a reader would meet.

    browser.py PAGE [WIDTH:SCHEME[:IMAGE.png] ...]

SCHEME is light or dark. Prints a line for each thing that is wrong: a message on the console, a request for
anything but the page itself, a page wider than its window, text that is too faint for its background, a table that
scrolls without a cue, or whose rows lose their names or the lines below those. Exits 1 if there is any.
"""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# Text, and what it stands on, as the reader's eye gets them: WCAG 2.1, contrast ratio, 4.5 to 1 at least.
CONTRAST = """(() => {
	const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
	const rgb = color => { paint.clearRect(0, 0, 1, 1); paint.fillStyle = color; paint.fillRect(0, 0, 1, 1);
		return paint.getImageData(0, 0, 1, 1).data; };
	const light = c => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => { const v = c[i] / 255;
		return sum + weight * (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); }, 0);
	const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
		if (c[3] == 255) return c; } return rgb(getComputedStyle(document.documentElement).colorScheme == 'dark' ? '#000' : '#fff'); };
	const bad = [];
	for (const e of document.querySelectorAll('body *')) {
		if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
		const style = getComputedStyle(e);
		const ink = light(rgb(e.namespaceURI.endsWith('svg') ? style.fill : style.color)), on = light(ground(e));
		const ratio = (Math.max(ink, on) + 0.05) / (Math.min(ink, on) + 0.05);
		if (ratio < 4.5) bad.push(ratio.toFixed(2) + ' ' + e.tagName + ' ' + e.textContent.trim().slice(0, 40));
	}
	return bad;
})()"""

# Tables that are wider than their boxes, scrolled as far as they go: the names of the rows stay where they were, with the
# lines below them, on a ground of their own; and the box shows by a shadow that there is more.
TABLES = """(() => {
	const bad = [];
	for (const details of document.querySelectorAll('details')) details.open = true;
	for (const box of document.querySelectorAll('.scroll')) {
		const name = box.querySelector('caption').textContent.slice(0, 40), table = box.querySelector('table');
		if (box.scrollWidth <= box.clientWidth) continue;
		if (!getComputedStyle(box).backgroundImage.includes('gradient')) bad.push('no cue that it scrolls: ' + name);
		if (getComputedStyle(table).borderCollapse == 'collapse') bad.push('lines that do not stay: ' + name);
		box.scrollLeft = 1e6;
		if (!box.scrollLeft) bad.push('cannot be scrolled: ' + name);
		for (const cell of box.querySelectorAll('th[scope=row], thead th:first-child')) {
			const style = getComputedStyle(cell), left = cell.getBoundingClientRect().left - box.getBoundingClientRect().left;
			if (Math.abs(left) > 1) { bad.push('a row loses its name: ' + name); break; }
			if (!parseFloat(style.borderBottomWidth) || style.backgroundColor.includes('rgba(0, 0, 0, 0)')) {
				bad.push('a row loses its line: ' + name); break; }
			if (cell.offsetWidth > 0.6 * box.clientWidth) { bad.push('names take all the room: ' + name); break; }
		}
		box.scrollLeft = 0;
	}
	return bad;
})()"""


class Browser:
    """Chromium, spoken to over its debugging pipe."""

    def __init__(self, profile):
        program = shutil.which("chromium")
        if not program:
            sys.exit("chromium is missing: run 'make deps'")
        down, self.write_end = os.pipe()
        self.read_end, up = os.pipe()

        def place():
            # The pipes are descriptors 3 and 4 there; via high ones, since they may be each other's here.
            for fd, high, place in ((down, 103, 3), (up, 104, 4)):
                os.dup2(fd, high)
            for high, place in ((103, 3), (104, 4)):
                os.dup2(high, place)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={profile}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=place,
            close_fds=False)
        os.close(down)
        os.close(up)
        self.pending, self.events, self.count = b"", [], 0

    def receive(self):
        while b"\0" not in self.pending:
            got = os.read(self.read_end, 1 << 16)
            if not got:
                sys.exit("chromium has gone")
            self.pending += got
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            got = self.receive()
            if got.get("id") == self.count:
                if "error" in got:
                    sys.exit(f"{method}: {got['error']}")
                return got["result"]
            self.events.append(got)

    def wait_for(self, method):
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self.receive())

    def close(self):
        self.call("Browser.close")
        self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)


def look(browser, url, width, scheme, image):
    """What is wrong with the page in such a window."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.events.clear()
    for domain in ("Page", "Runtime", "Log", "Network"):
        browser.call(f"{domain}.enable", session)
    browser.call("Emulation.setDeviceMetricsOverride", session, width=width, height=900, deviceScaleFactor=1,
                 mobile=width < 500)
    browser.call("Emulation.setEmulatedMedia", session,
                 features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Page.navigate", session, url=url)
    browser.wait_for("Page.loadEventFired")

    def evaluate(expression):
        return browser.call("Runtime.evaluate", session, expression=expression, returnByValue=True,
                            awaitPromise=True)["result"]["value"]

    wrong = []
    scroll = evaluate("document.documentElement.scrollWidth")
    if scroll > width:
        wrong.append(f"the page is {scroll} pixels wide")
    wrong += evaluate(TABLES)
    scroll = evaluate("document.documentElement.scrollWidth")
    if scroll > width:
        wrong.append(f"the page with all of its parts open is {scroll} pixels wide")
    wrong += [f"faint text: {text}" for text in evaluate(CONTRAST)]
    # Of the reader's own colours none is left over from paper.
    if scheme == "dark" and evaluate("[...document.querySelectorAll('svg *')].some(e => e.getClientRects().length && "
                                     "['rgb(255, 255, 255)', 'white'].includes(getComputedStyle(e).fill) && "
                                     "e.tagName != 'text' && !e.closest('defs'))"):
        wrong.append("something in a picture is white")
    if not evaluate("document.title.length > 0 && document.querySelectorAll('h1').length == 1"):
        wrong.append("no title, or not one heading of the first order")
    twice = evaluate("(ids => ids.filter((id, i) => ids.indexOf(id) != i))"
                     "([...document.querySelectorAll('[id]')].map(e => e.id))")
    wrong += [f"the id {id} is there twice" for id in twice]
    for name in evaluate("[...document.querySelectorAll('svg[role=img]')].flatMap(s => "
                         "['aria-labelledby', 'aria-describedby'].map(a => s.getAttribute(a))"
                         ".filter(id => !document.getElementById(id)?.textContent.trim()))"):
        wrong.append(f"a picture is named by {name}, which says nothing")
    wrong += [f"a script stands in the page: {script}" for script in
              evaluate("[...document.querySelectorAll('script, iframe, object, embed, img[src], form')]"
                       ".map(e => e.outerHTML.slice(0, 80))")]
    if image:
        evaluate("[...document.querySelectorAll('details')].map(d => d.open = false)")
        height = evaluate("document.documentElement.scrollHeight")
        shot = browser.call("Page.captureScreenshot", session, captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})
        pathlib.Path(image).write_bytes(base64.b64decode(shot["data"]))
    evaluate("new Promise(done => setTimeout(() => done(1), 200))")
    for event in browser.events:
        params = event.get("params", {})
        if event["method"] == "Network.requestWillBeSent" and params["request"]["url"] not in (url, "data:,"):
            wrong.append("request: " + params["request"]["url"])
        elif event["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            wrong.append("console: " + json.dumps(params)[:300])
        elif event["method"] == "Log.entryAdded":
            wrong.append("console: " + params["entry"]["text"])
    browser.call("Target.closeTarget", targetId=target)
    return wrong


def main():
    url = pathlib.Path(sys.argv[1]).resolve().as_uri()
    bad = False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        for window in sys.argv[2:]:
            width, scheme, image = (window.split(":", 2) + [None])[:3]
            for wrong in look(browser, url, int(width), scheme, image):
                print(f"{width} {scheme}: {wrong}")
                bad = True
        browser.close()
    sys.exit(bad)


if __name__ == "__main__":
    main()
