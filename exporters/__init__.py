"""Views for machines: Prometheus text and the HTTP server that gives it out."""
