"""The agent against a lite peer that behaves, over a network with virtual time."""

import pytest
from aioice import stun

from room_agent.uplink.ice import CONSENT_TIMEOUT_S, VERIFY_S, Address, IceAgent, IceFailed, looks_like_stun

BEST, OTHER = ("192.0.2.1", 7800), ("127.0.0.1", 7800)
US = ("198.51.100.7", 5000)


class LitePeer:
    """Answers checks that reach one of its addresses (RFC 8445 § 7.3)."""

    def __init__(self, agent: IceAgent, reachable: set[Address]) -> None:
        self.agent = agent
        self.reachable = reachable
        self.password = "server password of 22 chars"
        self.requests: list[tuple[float, Address, stun.Message]] = []
        self.now_s = 50.0
        agent.begin("server", self.password, [(OTHER, 10), (BEST, 20)], self.now_s)

    def run(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            for data, address in self.agent.poll(self.now_s):
                assert looks_like_stun(data)
                message = stun.parse_message(data)
                assert message.check_message_integrity(self.password.encode())
                assert message.attributes["USERNAME"] == f"server:{self.agent.local_ufrag}"
                assert "ICE-CONTROLLING" in message.attributes
                self.requests.append((self.now_s, address, message))
                if address in self.reachable:
                    self.agent.receive(self.answer(message), address, self.now_s)
            self.now_s += max(self.agent.timeout_s(self.now_s), 0.001)

    def answer(self, request: stun.Message, password: str | None = None) -> bytes:
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = US
        response.add_message_integrity((password or self.password).encode())
        return bytes(response)


def test_the_best_address_that_answers_is_nominated() -> None:
    peer = LitePeer(IceAgent(), {BEST, OTHER})
    peer.run(1)
    assert peer.agent.selected == BEST
    nominated = [address for _, address, message in peer.requests if "USE-CANDIDATE" in message.attributes]
    assert set(nominated) == {BEST}


def test_another_address_serves_when_the_best_is_out_of_reach() -> None:
    peer = LitePeer(IceAgent(), {OTHER})
    peer.run(1)
    assert peer.agent.selected == OTHER


def test_checks_are_repeated_but_not_without_end() -> None:
    peer = LitePeer(IceAgent(), set())
    with pytest.raises(IceFailed):
        peer.run(60)
    assert peer.now_s < 61
    assert 20 < len(peer.requests) < 120


def test_consent_is_asked_for_and_its_loss_ends_the_connection() -> None:
    peer = LitePeer(IceAgent(), {BEST})
    peer.run(60)
    count = len(peer.requests)
    assert 10 <= count <= 25
    peer.reachable.clear()
    began_s = peer.now_s
    with pytest.raises(IceFailed):
        peer.run(120)
    assert CONSENT_TIMEOUT_S - 6 < peer.now_s - began_s <= CONSENT_TIMEOUT_S + 2


def test_one_lost_answer_costs_nothing() -> None:
    peer = LitePeer(IceAgent(), {BEST})
    peer.run(10)
    peer.reachable.clear()
    peer.run(7)
    peer.reachable.add(BEST)
    peer.run(60)
    assert peer.agent.selected == BEST


def test_a_server_that_forgot_us_is_found_out_soon() -> None:
    peer = LitePeer(IceAgent(), {BEST})
    peer.run(10)
    peer.agent.verify(peer.now_s)
    peer.run(30)
    peer.reachable.clear()
    peer.agent.verify(peer.now_s)
    began_s = peer.now_s
    with pytest.raises(IceFailed):
        peer.run(30)
    assert peer.now_s - began_s <= VERIFY_S + 0.5


def test_forged_answers_are_passed_over() -> None:
    agent = IceAgent()
    peer = LitePeer(agent, set())
    for data, address in agent.poll(peer.now_s):
        request = stun.parse_message(data)
        assert agent.receive(peer.answer(request, password="guessed password......"), address, peer.now_s) is None
        assert agent.receive(peer.answer(request)[:-3], address, peer.now_s) is None
    assert agent.receive(bytes(40), BEST, peer.now_s) is None
    peer.run(1)
    assert agent.selected is None


def test_a_full_agent_on_the_other_side_is_answered() -> None:
    agent = IceAgent()
    peer = LitePeer(agent, {BEST})
    check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    check.attributes["USERNAME"] = f"{agent.local_ufrag}:server"
    check.add_message_integrity(agent.local_password.encode())
    reply = agent.receive(bytes(check), BEST, peer.now_s)
    assert reply is not None
    answer = stun.parse_message(reply)
    assert answer.check_message_integrity(agent.local_password.encode())
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == BEST
