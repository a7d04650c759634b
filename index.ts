import { LoggingStack } from "./components/loggingStack.ts";
import { loadConfig } from "./stack/config.ts";
import { createProviders } from "./stack/providers.ts";

const config = loadConfig();
const logging = new LoggingStack("logging", config.args, { providers: createProviders(config) });

export const {
  namespace,
  pushUrl,
  queryUrl,
  gatewayLoginSecret,
  bucket,
  grafanaDataSource,
  nodePoolName,
  chartVersions,
} = logging;
