"""Load generators: lean WebRTC clients in processes of their own, so that only the server's cost is measured."""
