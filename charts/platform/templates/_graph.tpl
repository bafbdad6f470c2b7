{{/* The graph as it is installed: workloads that are there, with the calls between them, all checked. As YAML:
     NAME: {tier, ports, protocol, internet, cidrs, namespace, account, timeout, calls: [NAME …]} */}}
{{- define "platform.graph" -}}
{{- $there := dict -}}
{{- range $name, $entry := .Values.dependencies }}
{{- if and $entry (include "platform.isThere" (dict "root" $ "name" $name "entry" $entry)) }}
{{- $_ := set $there $name $entry }}
{{- end }}
{{- end }}
{{- $graph := dict -}}
{{- range $name, $entry := $there }}
{{- $calls := list }}
{{- range $callee, $on := ($entry.calls | default dict) }}
{{- if not (hasKey $.Values.dependencies $callee) }}
{{- fail (printf "dependencies.%s.calls names `%s`, which is not among the dependencies: %s." $name $callee (keys $.Values.dependencies | sortAlpha | join ", ")) }}
{{- end }}
{{- if eq $callee $name }}{{ fail (printf "dependencies.%s.calls names itself; pods of one workload do not talk to each other." $name) }}{{ end }}
{{- if and $on (hasKey $there $callee) }}
{{- if not (get (index $there $callee) "ports") }}
{{- fail (printf "dependencies.%s.calls names `%s`, which has no ports to call; give it dependencies.%s.ports." $name $callee $callee) }}
{{- end }}
{{- $calls = append $calls $callee }}
{{- end }}
{{- end }}
{{- $_ := set $graph $name (merge (dict "calls" (sortAlpha $calls)) (omit $entry "calls" "part")) }}
{{- end }}
{{- if dig "enabled" false (.Values.operator | default dict) }}
{{- $_ := include "platform.addCanaries" (dict "graph" $graph) }}
{{- end }}
{{- toYaml $graph }}
{{- end }}

{{/* Beside each AI service the canary of its next model: called by the same, and calling the same under the same
     identity. Its pods have a name of their own, so nothing that is meant for stable's selects them. */}}
{{- define "platform.addCanaries" -}}
{{- $graph := .graph -}}
{{- range $name := keys $graph | sortAlpha }}
{{- $entry := index $graph $name }}
{{- if and (eq $entry.tier "ai") $entry.ports }}
{{- $canary := printf "%s-canary" $name }}
{{- $_ := set $graph $canary (merge (dict "account" $name "timeout" "0s") (deepCopy $entry)) }}
{{- range $caller, $from := $graph }}
{{- if has $name $from.calls }}{{ $_ := set $from "calls" (append $from.calls $canary | sortAlpha) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* "yes" when a workload of the graph is part of this installation. */}}
{{- define "platform.isThere" -}}
{{- $part := .entry.part -}}
{{- $values := .root.Values -}}
{{- if .entry.cidrs -}}
yes
{{- else if eq .name "edge" -}}
{{- if $values.ingress.enabled }}yes{{ end -}}
{{- else if eq .name "demo" -}}
{{- if or (gt (int (dig "demo" "products" 0 $values.backend)) 0) (dig "demo" "adminEmail" "" $values.backend) }}yes{{ end -}}
{{- else if eq ($part | default "") "operator" -}}
{{- if dig "enabled" false ($values.operator | default dict) }}yes{{ end -}}
{{- else if eq .name "shop-test" -}}
{{- if $values.shopTest.enabled }}yes{{ end -}}
{{- else if and (eq .entry.tier "data") $part -}}
{{- $stores := $values.datastores.stores | default dict -}}
{{- if and $values.datastores.enabled (dig $part "enabled" false $stores) }}yes{{ end -}}
{{- else if $part -}}
{{- if and (index $values.global.ai $part) (or (eq .name $part) (dig "training" "enabled" false (index $values $part))) }}yes{{ end -}}
{{- else if and (eq .entry.tier "app") (hasKey ($values.worker.workloads | default dict) .name) -}}
{{- if index $values.worker.workloads .name }}yes{{ end -}}
{{- else -}}
yes
{{- end -}}
{{- end }}

{{/* Labels by which the pods of a workload are known; of another release where the entry names one. The ingress is
     made by its class and has labels of its own. */}}
{{- define "platform.podLabels" -}}
{{- if eq .name "edge" -}}
gateway.networking.k8s.io/gateway-name: edge
{{- else -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ dig .name "release" .root.Release.Name .root.Values.dependencies }}
{{- end -}}
{{- end }}

{{- define "platform.account" -}}
{{- if .entry.account }}{{ .entry.account }}{{ else if eq .name "edge" }}edge-{{ .root.Values.ingress.className }}{{ else }}{{ .name }}{{ end -}}
{{- end }}

{{- define "platform.labels" -}}
{{ include "common.labels" (dict "root" . "name" "platform") }}
{{- end }}
