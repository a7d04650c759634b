/**
 * Expands `$(NAME)` in a container's command, arguments and variables as the kubelet does. `$$` becomes `$`. An unknown name is left unchanged.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export const expandVariables = (text: string, environment: Readonly<Record<string, string>>): string =>
  text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name?: string) =>
    name === undefined ? "$" : (environment[name] ?? whole),
  );
