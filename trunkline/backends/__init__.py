"""Engines behind the ports of `trunkline.model.ports`: storage now, queues and coordination beside it."""
