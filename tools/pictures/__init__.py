"""Parts of tools/prepare_pictures.py: sources, captions, synthetic pictures, byte-pair merges."""
