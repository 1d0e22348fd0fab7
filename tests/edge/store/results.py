"""What tests of the store keep in it."""

JPEG = b"\xff\xd8\xff picture "


def page(number, status="read", verdict="normal", **more):
    """The dict of a result, as far as the store looks into it."""
    return {"schema": "ecg-edge/result/1", "source": f"{number}.jpg", "status": status, "verdict": verdict, "reason": None,
            "model": {"name": "cnn"}, "captured_at": None, **more}  # fmt: skip


def names(entries):
    return [entry.result["source"] for entry in entries]
