"""Deploying the collector to Cloudflare, step by step, through the pinned wrangler."""
