# SPDX-License-Identifier: GPL-2.0
"""A browser without a window: Debian's chromium, driven by chromedriver over the WebDriver protocol."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# Code points that the protocol has for keys.
KEYS = {"Escape": "\ue00c", "Enter": "\ue007", "Tab": "\ue004", "ArrowUp": "\ue013", "ArrowDown": "\ue015", "ArrowLeft": "\ue012",
        "ArrowRight": "\ue014"}
WAIT = 60


class Failed(Exception):
    """What the driver says of a request that failed."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    def __init__(self, log):
        self.home = tempfile.mkdtemp(prefix="kobs-browser-")
        self.port = free_port()
        self.session = None
        with open(log, "wb") as f:
            self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                           env={**os.environ, "HOME": self.home, "TMPDIR": self.home}, start_new_session=True)
        try:
            self.wait_for_driver()
            options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                                "--force-device-scale-factor=1", "--disable-background-networking", "--no-first-run",
                                f"--user-data-dir={self.home}/profile"]}
            wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
            self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        except BaseException:
            self.close()
            raise

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=method)
        # A proxy of the environment is not for this.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=WAIT) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise Failed(f"{method} {path}: {e.read().decode(errors='replace')[:2000]}") from e

    def wait_for_driver(self):
        end = time.monotonic() + WAIT
        while True:
            try:
                if self.ask("GET", "/status")["ready"]:
                    return
            except OSError:
                pass
            if time.monotonic() > end or self.driver.poll() is not None:
                raise Failed("chromedriver does not start")
            time.sleep(0.05)

    def do(self, path, body=None):
        return self.ask("POST", f"/session/{self.session}{path}", body or {})

    def get(self, path):
        return self.ask("GET", f"/session/{self.session}{path}")

    def open(self, url):
        # Only another address is loaded; one with another fragment is the same page.
        self.do("/url", {"url": "about:blank"})
        self.do("/url", {"url": url})

    def js(self, code, *args):
        return self.do("/execute/sync", {"script": code, "args": list(args)})

    def cdp(self, command, **params):
        return self.do("/goog/cdp/execute", {"cmd": command, "params": params})

    def size(self, width, height):
        """The size of what the page has, without the window's edges."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def log(self, kind):
        return self.do("/se/log", {"type": kind})

    def pointer(self, x, y, click=False):
        actions = [{"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}]
        if click:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.do("/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}]})

    def keys(self, *names):
        actions = []
        for name in names:
            key = KEYS.get(name, name)
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.do("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def type(self, text):
        self.keys(*text)

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.get("/screenshot")))

    def close(self):
        try:
            if self.session:
                self.ask("DELETE", f"/session/{self.session}")
        except (Failed, OSError):
            pass
        self.driver.terminate()
        try:
            self.driver.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.driver.kill()
        shutil.rmtree(self.home, ignore_errors=True)
