/** Type of the component in the state. */
export const COMPONENT_TYPE = "logging:index:LoggingStack";
