"""The panel: pages for people, on the gateway's own HTTP server, under `/panel`."""
