// ModbusDevices
