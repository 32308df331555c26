"""The executor `ray`: jobs on the nodes of a cluster."""
