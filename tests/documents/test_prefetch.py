"""Loading ahead: order, bounds, errors in their place, clean stop."""

import threading

import numpy as np
import pytest

from ctpn_crnn.documents.page_ref import PageRef
from ctpn_crnn.documents.prefetch import Outcome, prefetch
from ctpn_crnn.errors import ConfigError, ImageError
from ctpn_crnn.recognizer import Recognizer


class Items:
    """Counts what is taken; `taken` is waited for by condition, never by sleeping."""

    def __init__(self, limit=100, fail_at=None):
        self.limit, self.fail_at = limit, fail_at
        self.taken = 0
        self.closed = False
        self.changed = threading.Condition()

    def generate(self):
        try:
            for number in range(self.limit):
                if number == self.fail_at:
                    raise OSError("the list broke")
                with self.changed:
                    self.taken += 1
                    self.changed.notify_all()
                yield number
        finally:
            self.closed = True

    def wait_for(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: self.taken >= count, timeout=10)


def ten(number):
    return number * 10


@pytest.mark.parametrize("ahead", [0, 1, 3])
class TestAlways:
    def test_order_and_values(self, ahead):
        outcomes = list(prefetch(range(20), ten, ahead))
        assert outcomes == [Outcome(number, number * 10) for number in range(20)]
        assert list(prefetch([], ten, ahead)) == []

    def test_an_error_of_one_item_stays_in_its_place(self, ahead):
        outcomes = list(prefetch([2, 0, 4], lambda number: 8 // number, ahead))
        assert [outcome.value for outcome in outcomes] == [4, None, 2]
        assert isinstance(outcomes[1].error, ZeroDivisionError)
        assert outcomes[0].get() == 4
        with pytest.raises(ZeroDivisionError):
            outcomes[1].get()

    def test_items_that_break_off(self, ahead):
        results = prefetch(Items(fail_at=3).generate(), ten, ahead)
        assert [next(results).value for _ in range(3)] == [0, 10, 20]
        with pytest.raises(OSError, match="the list broke"):
            next(results)
        assert list(results) == []

    def test_stopping_early_closes_the_items_and_ends_the_thread(self, ahead):
        before = threading.active_count()
        items = Items()
        results = prefetch(items.generate(), ten, ahead)
        assert next(results).value == 0
        results.close()
        assert items.closed
        assert threading.active_count() == before

    def test_interrupted_caller(self, ahead):
        items = Items()
        with pytest.raises(KeyboardInterrupt):
            for _ in prefetch(items.generate(), ten, ahead):
                raise KeyboardInterrupt
        assert not any(thread.name == "prefetch" for thread in threading.enumerate())
        assert items.taken <= 1 + ahead

    def test_none_is_a_value(self, ahead):
        assert [outcome.get() for outcome in prefetch([1], lambda _: None, ahead)] == [None]


@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_exactly_so_many_are_taken_ahead(ahead):
    items = Items()
    results = prefetch(items.generate(), ten, ahead)
    assert items.taken == 0  # nothing happens before the first is asked for
    for read in range(1, 4):
        next(results)
        items.wait_for(read + ahead)
        assert items.taken == read + ahead
    results.close()
    assert items.taken == 3 + ahead


def test_without_reading_ahead_nothing_is_taken_before_it_is_asked_for():
    items = Items()
    results = prefetch(items.generate(), ten, 0)
    next(results)
    next(results)
    assert items.taken == 2


def test_work_overlaps_with_the_caller():
    """The second item's work ends while the caller still holds the first: it would wait for ever otherwise."""
    finished = [threading.Event() for _ in range(3)]
    results = prefetch(range(3), lambda number: finished[number].set(), 1)
    next(results)
    assert finished[1].wait(timeout=10)
    results.close()


def test_a_list_is_not_closed():
    class Closing(list):
        def close(self):
            raise AssertionError

    assert len(list(prefetch(Closing([1, 2]), ten, 1))) == 2


def test_negative():
    with pytest.raises(ConfigError, match="0 or more"):
        prefetch([], ten, -1)


class FakePage(PageRef):
    """A page as high as its number; number 0 cannot be loaded."""

    def __init__(self, number, loaded):
        super().__init__(f"doc#page={number}")
        self.number, self.loaded = number, loaded

    def load(self):
        if self.number == 0:
            raise ImageError("page 0 is damaged")
        self.loaded.append(threading.current_thread().name)
        return np.zeros((self.number, 5, 3), np.uint8)


class NothingFinder:
    def detect(self, image):
        if image.shape[0] == 3:
            raise RuntimeError("out of order")
        return []


@pytest.mark.parametrize("ahead", [0, 2])
class TestRecognizer:
    def test_pages_and_failures_keep_their_order(self, ahead):
        events, loaded = [], []
        recognizer = Recognizer(detector=NothingFinder(), reader=object())
        given = [FakePage(1, loaded), FakePage(0, loaded), FakePage(2, loaded), "none.png", FakePage(3, loaded)]

        def report(failure):
            assert threading.current_thread() is threading.main_thread()
            events.append((failure.source, type(failure.error)))

        for page in recognizer.recognize_all([*given, FakePage(4, loaded)], report, prefetch=ahead):
            events.append((page.source, page.height))
        assert events == [
            ("doc#page=1", 1),
            ("doc#page=0", ImageError),
            ("doc#page=2", 2),
            ("none.png", ImageError),
            ("doc#page=3", RuntimeError),
            ("doc#page=4", 4),
        ]
        assert ("prefetch" in loaded) == (ahead > 0)

    def test_stopping_early(self, ahead):
        recognizer = Recognizer(detector=NothingFinder(), reader=object())
        loaded = []
        pages = recognizer.recognize_all((FakePage(9, loaded) for _ in range(100)), prefetch=ahead)
        assert next(pages).height == 9
        pages.close()
        assert len(loaded) <= 1 + ahead
        assert not any(thread.name == "prefetch" for thread in threading.enumerate())
