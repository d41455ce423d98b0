"""Every answer that was ever given, and when each entry lived: what contradicts what. Any thread."""
import threading
import time

SLACK = 1.5  # seconds: ages of freed VIPs are kept in whole seconds, and one lock lies between a clock and its use


class History:
    """One entry a host. `contradictions` are sentences; a test expects none."""

    def __init__(self, quarantine):
        self.quarantine = quarantine
        self.contradictions = []
        self.lives = 0
        self._lock = threading.Lock()
        self._life = {}    # host: [when it was there for certain, when its removal began or None, its VIP or None]
        self._vip_of = {}  # address: the host that it was answered for last

    def alive(self, host):
        with self._lock:
            life = self._life.get(host)
            return bool(life) and life[1] is None

    def created(self, host):
        with self._lock:
            self.lives += 1
            self._life[host] = [time.monotonic(), None, None]

    def removing(self, host):
        with self._lock:
            self._life[host][1] = time.monotonic()

    def answered(self, replica, host, address, sent, received):
        """`host` had `address`, for this replica, at some moment between `sent` and `received`."""
        with self._lock:
            life = self._life.get(host)
            if life and sent >= life[0] and (life[1] is None or received <= life[1]):
                if life[2] is None:
                    life[2] = address
                elif life[2] != address:
                    self._contradiction(f"{replica} answers {host} {address}, and it had {life[2]} in the same life")
            self._check_owner(replica, host, address, received)

    def _check_owner(self, replica, host, address, now):
        owner = self._vip_of.get(address)
        if owner and owner != host:
            life = self._life[owner]
            if life[1] is None and life[2] == address:
                self._contradiction(f"{replica} answers {host} {address}, which is {owner}'s")
            elif life[1] is not None and now < life[1] + self.quarantine - SLACK:
                self._contradiction(f"{replica} answers {host} {address}, which was {owner}'s {now - life[1]:.1f} s ago")
        self._vip_of[address] = host

    def _contradiction(self, text):
        if text not in self.contradictions:
            self.contradictions.append(text)
