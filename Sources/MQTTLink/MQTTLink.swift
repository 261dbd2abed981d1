// MQTTLink
