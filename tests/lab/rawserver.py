"""A small FTP server that misbehaves as told: rawserver.py HOME [OPTION=VALUE...]

banner_delay=S   seconds from accept to the 220; "never" for no 220 at all
banner=TEXT      what to greet with, underscores for blanks
think=S          seconds before the answer to PASS
address=IP       what 227 names instead of the server's address
port=N           what 227 and 229 name instead of the port that listens
data=WHAT        after RETR or LIST: send (default), silent (150, then nothing),
                 half (stop half way), short (end half way, and confirm), 425 (refuse at once)
refusals=N       with data=425: so many times, then send
final=never      keep the 226 to itself
final_delay=S    seconds from the end of the data to the 226
mute=VERB        never answer this command
close=VERB       end the session at this command, as a process does that dies
VERB=TEXT        what to say to this command instead, underscores for blanks, | for CR LF
passive=TEXT     answer PASV and EPSV with this, underscores for blanks
"""

import socket
import sys
import threading
import time
from pathlib import Path


class Session(threading.Thread):
    def __init__(self, control: socket.socket, home: Path, options: dict[str, str]):
        super().__init__(daemon=True)
        self.control, self.home, self.options = control, home, options
        self.lines = control.makefile("rb")
        self.listener: socket.socket | None = None
        self.refused = 0
        self.held: list[socket.socket] = []  # kept open, so that nothing is ever closed by accident

    def say(self, text: str) -> None:
        self.control.sendall(text.encode() + b"\r\n")

    def run(self) -> None:
        try:
            delay = self.options.get("banner_delay", "0")
            if delay == "never":
                self.lines.read()
                return
            time.sleep(float(delay))
            self.say(self.options.get("banner", "220_Lab_server_ready.").replace("_", " "))
            for line in self.lines:
                verb, _, argument = line.decode(errors="replace").strip().partition(" ")
                if not self.obey(verb.upper(), argument):
                    break
        except OSError:
            pass
        finally:
            self.control.close()

    def obey(self, verb: str, argument: str) -> bool:
        fixed = {"USER": "331 Please give a password.", "PASS": "230 Logged in.", "TYPE": "200 Type set.",
                 "PWD": '257 "/" is the current directory.', "SYST": "215 UNIX Type: L8", "NOOP": "200 Fine."}
        if verb == self.options.get("mute"):
            return True
        if verb == self.options.get("close"):
            return False
        if verb == "PASS":
            time.sleep(float(self.options.get("think", "0")))
        if verb in self.options:
            self.say(self.options[verb].replace("_", " ").replace("|", "\r\n"))
        elif verb in fixed:
            self.say(fixed[verb])
        elif verb == "SIZE":
            self.say(f"213 {(self.home / argument).stat().st_size}")
        elif verb in ("PASV", "EPSV"):
            self.passive(verb)
        elif verb in ("RETR", "LIST", "NLST"):
            self.transfer(verb, argument)
        elif verb == "QUIT":
            self.say("221 Goodbye.")
            return False
        else:
            self.say("502 Not implemented here.")
        return True

    def passive(self, verb: str) -> None:
        if "passive" in self.options:
            self.say(self.options["passive"].replace("_", " "))
            return
        own = self.control.getsockname()[0]
        self.listener = socket.create_server((own, 0))
        port = int(self.options.get("port", self.listener.getsockname()[1]))
        if verb == "EPSV":
            self.say(f"229 Entering Extended Passive Mode (|||{port}|)")
        else:
            host = self.options.get("address", own).replace(".", ",")
            self.say(f"227 Entering Passive Mode ({host},{port >> 8},{port & 255}).")

    def transfer(self, verb: str, argument: str) -> None:
        what = self.options.get("data", "send")
        if what == "425" and "refusals" in self.options:
            self.refused += 1
            if self.refused > int(self.options["refusals"]):
                what = "send"
        if what == "425" or self.listener is None:
            self.say("425 Can't build data connection: not now.")
            return
        self.listener.settimeout(60)
        data, _ = self.listener.accept()
        self.listener.close()
        self.held.append(data)
        self.say("150 Here it comes.")
        body = (self.home / argument).read_bytes() if verb == "RETR" else b"readme.txt\r\ndata.bin\r\n"
        if what == "silent":
            return
        if what == "half":
            data.sendall(body[:len(body) // 2])
            return
        data.sendall(body[:len(body) // 2] if what == "short" else body)
        data.close()
        time.sleep(float(self.options.get("final_delay", "0")))
        if self.options.get("final") != "never":
            self.say("226 Done.")


def main() -> None:
    home = Path(sys.argv[1])
    options = dict(word.split("=", 1) for word in sys.argv[2:])
    server = socket.create_server(("0.0.0.0", 21))
    while True:
        Session(server.accept()[0], home, options).start()


if __name__ == "__main__":
    main()
