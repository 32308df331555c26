"""The engines: who builds and trains what the compiler has made out."""
