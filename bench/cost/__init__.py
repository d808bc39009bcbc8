"""What a million spans cost on Cloudflare."""
