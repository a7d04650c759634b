import { LoggingStack } from "./components/loggingStack.ts";
import { loadConfig } from "./stack/config.ts";
import { guardRails } from "./stack/guardRails.ts";
import { createProviders } from "./stack/providers.ts";

const config = loadConfig();
const { providers, kubeconfig } = createProviders(config);
const logging = new LoggingStack("logging", config.args, {
  providers,
  transformations: guardRails(config, kubeconfig),
});

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
