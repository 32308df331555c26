"""What a request asks: rows of JSON, tables, and files."""
