// MQTTDevices
