{{- define "observability.config" -}}
global:
  scrape_interval: {{ .Values.scrapeInterval }}
  evaluation_interval: {{ .Values.scrapeInterval }}
rule_files: [/etc/prometheus/rules.yaml]
scrape_configs:
{{- range $name, $port := .Values.targets }}
{{- if $port }}
  - job_name: {{ $name }}
    dns_sd_configs:
      - names: [{{ printf "metrics-%s.%s.svc" $name $.Release.Namespace }}]
        type: A
        port: {{ $port }}
        refresh_interval: 10s
    relabel_configs:
      - {target_label: app_kubernetes_io_part_of, replacement: meshop}
{{- end }}
{{- end }}
{{- end }}
