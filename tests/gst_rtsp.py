"""A real RTSP camera for tests, run by the system's Python, which has GStreamer: gst_rtsp.py PORT h264|h265|CLIP.mp4.

A clip (H.264) is sent as it is, from its beginning to each who connects, and ends. Else its pictures are 16 bars, black or white: the time at which each was made, in hundredths of a second, modulo 2**16.
"""

from __future__ import annotations

import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 -- versions must be asked for first

WIDTH, HEIGHT, FPS, BARS = 320, 240, 25, 16
GREY = bytes([128]) * (WIDTH * HEIGHT // 2)
ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 config-interval=1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph265pay name=pay0 config-interval=1",
}
CAPS = f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={FPS}/1"


def picture() -> bytes:
    now = int(time.time() * 100) % 2**BARS
    row = b"".join(bytes([235 if now >> bit & 1 else 16]) * (WIDTH // BARS) for bit in range(BARS))
    return row * HEIGHT + GREY


def film(_factory: GstRtspServer.RTSPMediaFactory, media: GstRtspServer.RTSPMedia) -> None:
    source = media.get_element().get_by_name("source")

    def push() -> bool:
        return bool(source.emit("push-buffer", Gst.Buffer.new_wrapped(picture())) == Gst.FlowReturn.OK)

    GLib.timeout_add(1000 // FPS, push)


def filming(coding: str) -> GstRtspServer.RTSPMediaFactory:
    factory = GstRtspServer.RTSPMediaFactory(shared=True)
    source = f"appsrc name=source is-live=true do-timestamp=true format=time caps={CAPS}"
    factory.set_launch(f"( {source} ! queue ! {ENCODERS[coding]} )")
    factory.connect("media-configure", film)
    return factory


def playing(clip: str) -> GstRtspServer.RTSPMediaFactory:
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f'( filesrc location="{clip}" ! qtdemux ! h264parse ! rtph264pay name=pay0 config-interval=1 )')
    return factory


def main(port: str, what: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer(service=port)
    factory = filming(what) if what in ENCODERS else playing(what)
    server.get_mount_points().add_factory("/rack", factory)
    server.attach(None)
    GLib.MainLoop().run()


main(*sys.argv[1:])
