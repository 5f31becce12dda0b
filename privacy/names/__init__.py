"""Names and places in free text; `detect.spans` is the way in. Knows nothing of Presidio."""
